"""The FileStorage port on obstore: a local directory, S3, Google Cloud Storage or Azure."""
