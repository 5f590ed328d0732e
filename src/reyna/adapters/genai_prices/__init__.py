"""The PriceList port on genai-prices, whose data are inside its package: nothing is fetched."""
