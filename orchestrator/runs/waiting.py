"""Waiting for the end of a run: no thread is held, and what the database tells of the run says when to look."""

import asyncio
import time
from collections.abc import Callable

from orchestrator.runs.bell import Bell
from orchestrator.runs.shapes import Execution
from orchestrator.runs.view import ENDED

SOON_S = 0.02  # a run's record says what an event told a little later than the event
LATEST_LOOK_S = 1.0


async def wait(bell: Bell, execution_id: str, look: Callable[[], Execution], seconds: float) -> Execution:
    """What `look` says of an execution once it has ended, or after so many seconds. Raises what `look` raises."""
    deadline, pause = time.monotonic() + seconds, LATEST_LOOK_S
    with bell.listen(execution_id) as rung:
        while True:
            rung.clear()
            found = await asyncio.to_thread(look)
            left = deadline - time.monotonic()
            if found.status in ENDED or left <= 0:
                return found
            try:
                await asyncio.wait_for(rung.wait(), min(pause, left))
            except TimeoutError:
                pause = min(2 * pause, LATEST_LOOK_S)
                continue
            await asyncio.sleep(min(SOON_S, left))
            pause = SOON_S
