"""tuspy as an IT office's script uses it: `send.py '{"endpoint": …}'`; prints one line of JSON. It leaves files open,
so it runs in a process of its own.
"""

from __future__ import annotations

import json
import sys

from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError


def main(text: str) -> int:
    """Send one file, or the part of it the job says."""
    job = json.loads(text)
    client = TusClient(job["endpoint"], headers={"Authorization": f"Bearer {job['token']}"})
    metadata = {"filename": job["filename"], "lecture": job["lecture"]}
    uploader = client.uploader(job["path"], metadata=metadata, **job["options"])
    try:
        if "url" in job:
            uploader.set_url(job["url"])
            uploader.offset = uploader.get_offset()
        began = uploader.offset
        uploader.upload(stop_at=job.get("stopAt"))
    except TusCommunicationError as error:
        print(json.dumps({"status": error.status_code}))  # noqa: T201 - its answer
        return 0
    print(json.dumps({"url": uploader.url, "began": began, "offset": uploader.offset}))  # noqa: T201 - its answer
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
