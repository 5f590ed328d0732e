"""The servers of a studio in a process of their own, for tests that kill it: `python studio.py HOME`.

Prints its addresses as one line of JSON when they are up, and ends them when its input is closed. The language model is
left out: it is slow to load, and shares the supervision of the others.
"""

import asyncio
import sys
from pathlib import Path

import msgspec

from reyna.app import log
from reyna.app.config import Settings
from reyna.app.servers import run_servers


def without_a_model(home: Path) -> Settings:
    return Settings(home=home, llm_url="http://127.0.0.1:9/v1", llm_model="none", embeddings="off")


async def main() -> None:
    log.configure("info", "json")  # to stderr
    async with run_servers(without_a_model(Path(sys.argv[1]))) as servers:
        sys.stdout.buffer.write(msgspec.json.encode(servers) + b"\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
