"""How tus-js-client may be told to send a file, and the requests that makes; the same in Node and in Chromium."""

from __future__ import annotations

from typing import Any

MIB = 1024 * 1024
#: For a file of a little more than 9 MiB. None: what parallel requests do is not always the same.
WAYS: list[tuple[dict[str, Any], list[str] | None]] = [
    ({"chunkSize": 2 * MIB}, ["POST"] + 5 * ["PATCH"]),
    ({"uploadDataDuringCreation": True}, ["POST"]),
    ({"uploadDataDuringCreation": True, "chunkSize": 4 * MIB}, ["POST"] + 2 * ["PATCH"]),
    ({"overridePatchMethod": True, "chunkSize": 5 * MIB}, 3 * ["POST"]),
    ({"parallelUploads": 3}, None),
    ({"parallelUploads": 2, "chunkSize": MIB, "uploadDataDuringCreation": True}, None),
]
