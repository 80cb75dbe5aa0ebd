"""Clips with the faults that teachers' recordings have, each of one known kind at a known place."""

from __future__ import annotations

from pathlib import Path

from tests.factories.clips import ClipShelf, slides_filter

#: Key frames every two seconds, as cameras write.
_CODING = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", 30, "-c:a", "aac")
_MOVING = "testsrc2=s=1280x720:r=15:d={duration_s}"


class FlawedClips(ClipShelf):
    """Like the shelf of ordinary clips, with the faulty ones beside them."""

    def gaps(self) -> Path:
        """Forty seconds: black from 8 to 16, without sound from 20 to 30."""
        picture = _MOVING.format(duration_s=40) + ",drawbox=w=iw:h=ih:color=black:t=fill:enable='between(t,8,15.99)'"
        return self._flawed("gaps.mp4", picture, "volume=0:enable='between(t,20,30)'", 40)

    def clipped(self) -> Path:
        """Speech far above full scale, coded with loss afterwards."""
        return self._flawed("clipped.mp4", _MOVING.format(duration_s=12), "volume=24dB,aformat=sample_fmts=s16", 12)

    def limited(self) -> Path:
        """As loud as a limiter makes it without clipping: nothing is wrong with it."""
        shaping = "volume=20dB,alimiter=limit=1:level=0,aformat=sample_fmts=s16"
        return self._flawed("limited.mp4", _MOVING.format(duration_s=12), shaping, 12)

    def quiet(self, by_db: int) -> Path:
        """Speech recorded too far away."""
        return self._flawed(f"quiet{by_db}.mp4", _MOVING.format(duration_s=12), f"volume=-{by_db}dB", 12)

    def one_sided(self) -> Path:
        """A microphone plugged into the left channel alone."""
        shaping = "pan=stereo|c0=c0|c1=0*c0"
        return self._flawed("one-sided.mp4", _MOVING.format(duration_s=12), shaping, 12)

    def blurred(self) -> Path:
        """Slides filmed out of focus."""
        picture = slides_filter(1920, 1080, 15, 12) + ",gblur=sigma=8"
        return self._flawed("blurred.mp4", picture, "anull", 12)

    def letterboxed(self) -> Path:
        """A wide film inside a 16:9 frame."""
        bars = "".join(f",drawbox=w=iw:h=90:y={y}:color=black:t=fill" for y in (0, 630))
        return self._flawed("letterboxed.mp4", _MOVING.format(duration_s=14) + bars, "anull", 14)

    def dark_slides(self) -> Path:
        """Light words on black, each slide with others: no borders, however dark the edges are."""
        boxes = "".join(
            f",drawbox=x={200 + 40 * number}:y={120 + 30 * number}:w={600 - 60 * number}:h=200:color=white:t=fill"
            f":enable='between(t,{3 * number},{3 * number + 2.99})'"
            for number in range(5)
        )
        return self._flawed("dark-slides.mp4", f"color=black:s=1280x720:r=15:d=15{boxes}", "anull", 15)

    def short_course(self) -> Path:
        """Two minutes in which nothing is wrong but the length."""
        return self._flawed("short-course.mp4", slides_filter(1280, 720, 5, 120), "anull", 120)

    def cut_off(self) -> Path:
        """A Matroska file whose header promises more than there is: its copying was interrupted."""

        def make(target: Path) -> None:
            whole = self._flawed("before-cut-off.mkv", _MOVING.format(duration_s=40), "anull", 40)
            data = whole.read_bytes()
            target.write_bytes(data[: len(data) * 3 // 5])

        return self._once("cut-off.mkv", make)

    def _flawed(self, name: str, picture: str, sound_filter: str, duration_s: int) -> Path:
        given = ("-f", "lavfi", "-i", picture, "-stream_loop", "-1", "-i", self.speech, "-t", duration_s)
        return self._once(name, lambda target: self._ffmpeg(*given, "-af", sound_filter, *_CODING, target))
