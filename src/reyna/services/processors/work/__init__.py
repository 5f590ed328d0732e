"""Work over HTTPS: leases, by which workers of users take and hold runs of the processors of their user."""
