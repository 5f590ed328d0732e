"""The header, the error codes and the encoder that both sides of a call use."""

from typing import Final

import msgspec

CALLER_HEADER: Final = "Reyna-Caller"
FAULT_CODE: Final = "500"  # a refusal has the code of its own status
UNAVAILABLE_CODE: Final = "503"  # of a fault that passes by itself
ENCODER: Final = msgspec.json.Encoder()
