"""What goes wrong while a job works on media, as its failure tells it to a teacher."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.kernel.jobs.model import JobFailed
from media_pipeline.errors import PipelineError
from media_pipeline.pipeline import naming_full_disks
from media_pipeline.ports import ObjectMissing, StorageFull, StorageUnavailable


@contextmanager
def failing_plainly(work_dir: Path) -> Iterator[None]:
    """Turn what the workshop and the store raise into what a teacher can read."""
    try:
        with naming_full_disks(work_dir):
            yield
    except PipelineError as error:
        raise JobFailed(error.code, error.sentence, is_transient=error.is_transient) from error
    except ObjectMissing as error:
        raise JobFailed("source_missing", "找不到上传的原文件，请重新上传。", is_transient=False) from error
    except StorageFull as error:
        raise JobFailed("store_full", "存储空间不足，请联系管理员。", is_transient=True) from error
    except StorageUnavailable as error:
        raise JobFailed("store_unavailable", "存储服务暂时没有响应，系统会自动重试。", is_transient=True) from error
