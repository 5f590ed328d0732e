"""The instances of users, and the routing of blobs to them."""
