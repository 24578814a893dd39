"""Executes one command many times: qmp_client.py PATH COMMAND COUNT DEPTH. Prints what it took, as JSON."""

import asyncio
import json
import sys
import time

from qemu.qmp import QMPClient


async def main(path: str, command: str, count: int, depth: int) -> None:
    client = QMPClient('bench')
    await client.connect(path)
    left = count

    async def work() -> None:
        nonlocal left
        while left > 0:
            left -= 1
            await client.execute(command)

    cpu = time.process_time()
    started = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(depth)))
    seconds = time.perf_counter() - started
    cpu = time.process_time() - cpu
    await client.disconnect()
    print(json.dumps({'ms': seconds * 1e3, 'rate': count / seconds, 'cpu': cpu * 1e6 / count}))


asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
