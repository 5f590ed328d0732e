"""Files and uploads, and the parts in which content travels."""
