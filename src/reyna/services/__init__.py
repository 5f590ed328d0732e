"""The four services. Each holds its entry files and one folder for each feature."""
