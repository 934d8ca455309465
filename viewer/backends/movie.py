"""Films of a scene: MP4 and WebM by the system's FFmpeg, GIF by Pillow."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from twin.errors import MissingExtraError, OutputError, ParameterError
from twin.progress import progress_bar
from viewer.backends.camera import Camera
from viewer.backends.film import Film
from viewer.backends.overlay import Written, moment_text, written
from viewer.scene import Scene
from viewer.words import check_language

SUFFIXES = (".mp4", ".webm", ".gif")
LONGEST_S = 60.0
"""A film that nobody gave a speed lasts no longer than this [s]."""

SPEEDS = (1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 1200, 3600)
MOST_FRAMES = 100_000
MOST_GIF_FRAMES = 1500
ENCODERS = {
    ".mp4": ("libx264", "libopenh264", "h264_videotoolbox", "h264_mf", "mpeg4"),
    ".webm": ("libvpx-vp9", "libvpx", "libsvtav1"),
}
"""By suffix, the best first: what plays in browsers and slides."""

OPTIONS = {
    "libx264": ["-preset", "fast", "-crf", "20"], "libopenh264": ["-b:v", "6M"], "h264_videotoolbox": ["-b:v", "6M"],
    "h264_mf": ["-b:v", "6M"], "mpeg4": ["-q:v", "3"],
    "libvpx-vp9": ["-crf", "32", "-b:v", "0", "-deadline", "realtime", "-cpu-used", "6"], "libvpx": ["-b:v", "4M"],
    "libsvtav1": ["-crf", "35"],
}  # fmt: skip
HINT = "install FFmpeg (apt install ffmpeg, brew install ffmpeg, winget install ffmpeg), or write a .gif, which needs nothing"


def movie(
    scene: Scene,
    path: str | Path,
    *,
    view: str | None = None,
    size: tuple[int, int] = (1280, 720),
    start: float | None = None,
    end: float | None = None,
    speed: float | None = None,
    fps: float | None = None,
    overlay: bool = True,
    look: str | None = None,
    language: str = "en",
    progress: bool | None = None,
) -> Path:
    """Film a scene from one of its views, without opening a window.

    Parameters
    ----------
    scene : Scene
        With something that moves.
    path : str or Path
        ``.mp4`` or ``.webm``, for which FFmpeg has to be installed, or ``.gif``.
    view : str, optional
        Name of a view of the scene; by default its first.
    size : tuple of int
        Width and height [px]; even numbers for all but a GIF.
    start, end : float, optional
        First and last moment [s]; by default those of the scene.
    speed : float, optional
        Seconds of the scene in a second of the film; by default the least of 1, 2, 5, 10, ... with which it lasts a minute at most.
    fps : float, optional
        Pictures a second; by default 25, in a GIF 10.
    overlay : bool
        Write title, moment, legend, scale, north arrow and credits on it.
    look : str, optional
        House style, one of `viewer.scene.LOOKS`; by default the scene's.
    language : {"en", "nl"}
        Of what is written on it.
    progress : bool, optional
        By default a bar on a terminal, nothing elsewhere.

    Returns
    -------
    Path
        The file. Written whole or not at all.

    Raises
    ------
    ParameterError
        When nothing moves, or the view, the size, the times, the speed or the number of pictures is not possible.
    MissingExtraError
        When FFmpeg is not installed.
    RenderingError
        When there is no OpenGL; names the packages to install.
    OutputError
        When the suffix is not that of a film, or the file cannot be written.
    """
    target = Path(path)
    check_suffix(target)
    check_language(language)
    shown = scene.shown().for_view(view)
    shown = shown if look is None else shown.styled(look)
    is_gif = target.suffix.lower() == ".gif"
    rate = fps if fps is not None else 10.0 if is_gif else 25.0
    if is_gif and 0 < rate <= 120:  # a GIF tells how long a picture stays in hundredths of a second
        rate = 100.0 / max(2, round(100.0 / rate))
    times = moments(shown, start, end, speed, rate)
    width, height = (int(v) for v in size)
    if not (64 <= width <= 4096 and 64 <= height <= 4096) or (not is_gif and (width % 2 or height % 2)):
        raise ParameterError(f"a film of {width} x {height} pixels is not possible", hint="give 64 to 4096 a side, even numbers")
    encoder = None if is_gif else find_encoder(target.suffix.lower())
    if is_gif and len(times) > MOST_GIF_FRAMES:
        raise ParameterError(f"{len(times)} pictures are too many for a GIF", hint="write an .mp4, or give a higher `speed`")
    camera = Camera.of(shown.view(view), (width, height))
    with progress_bar(len(times), "film", progress, unit="pictures") as bar:
        pictures = _pictures(shown, camera, times, overlay, language, bar.advance)

        def make(part: Path) -> None:
            if encoder is None:
                _gif(part, pictures, rate)
            else:
                _encode(part, pictures, rate, encoder, camera)

        _write(target, make)
    return target


def check_suffix(path: Path) -> None:
    """See that a film can be written under a name.

    Raises
    ------
    OutputError
        When its suffix is not that of a film.
    """
    if path.suffix.lower() not in SUFFIXES:
        what = f"a film cannot be written as `{path.suffix or path.name}`"
        raise OutputError(what, where=str(path), hint=f"use one of {', '.join(SUFFIXES)}")


def moments(scene: Scene, start: float | None, end: float | None, speed: float | None, fps: float) -> NDArray[np.float64]:
    """The moment of each picture of a film, (N,) [s].

    Raises
    ------
    ParameterError
        When nothing moves, or the times, the speed or the number of pictures is not possible.
    """
    if len(scene.times) < 2:
        raise ParameterError("nothing in this scene moves", hint="compose it of a result with people or fields over time")
    first = float(scene.times[0]) if start is None else float(start)
    last = float(scene.times[-1]) if end is None else float(end)
    if not scene.times[0] <= first < last <= scene.times[-1]:
        what = f"a film from {first:g} to {last:g} s is not possible"
        raise ParameterError(what, hint=f"the scene goes from {scene.times[0]:g} to {scene.times[-1]:g} s")
    if speed is None:
        speed = next((one for one in SPEEDS if (last - first) / one <= LONGEST_S), (last - first) / LONGEST_S)
    if not (0.01 <= speed <= 1e6 and 1 <= fps <= 120):
        raise ParameterError(f"a film of {fps:g} pictures a second at {speed:g} times the speed is not possible")
    count = int((last - first) / speed * fps + 1e-9) + 1
    if count > MOST_FRAMES:
        raise ParameterError(f"the film would have {count} pictures", hint="give a higher `speed`")
    return np.asarray(first + np.arange(count, dtype=np.float64) * (speed / fps))


def _pictures(
    scene: Scene, camera: Camera, times: NDArray[np.float64], overlay: bool, language: str, done: Callable[[float], None]
) -> Iterator[Image.Image]:
    film = Film(scene, camera)
    sheet: Written | None = None
    fullest = float(np.clip(scene.time, times[0], times[-1]))
    if overlay:
        # panels stand where they hide least when most is to be seen, and stay there
        widest = max((moment_text(scene, float(t), language) for t in times[:: max(1, len(times) // 200)]), key=len)
        sheet = written(Image.fromarray(film.frame(fullest)), scene, fullest, camera, language, widest)
    # first the one with most to be seen, for its colours
    for k, time in enumerate([fullest, *times.tolist()]):
        picture = Image.fromarray(film.frame(time))
        yield picture if sheet is None else sheet.over(picture, moment_text(scene, time, language))
        if k:
            done(1.0)


def find_encoder(suffix: str) -> tuple[str, str]:
    """Where FFmpeg is, and the encoder to use for files of a suffix.

    Raises
    ------
    MissingExtraError
        When it is not installed, or has no encoder for these.
    """
    program = shutil.which("ffmpeg")
    if program is None:
        raise MissingExtraError(f"films as {suffix} are written by FFmpeg, which is not installed", hint=HINT)
    command = [program, "-hide_banner", "-encoders"]
    try:
        listed = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=60)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise MissingExtraError(f"FFmpeg is there, but does not run: {error}", hint=HINT) from None
    known = {line.split()[1] for line in listed.stdout.splitlines() if len(line.split()) > 1}
    for encoder in ENCODERS[suffix]:
        if encoder in known:
            return program, encoder
    raise MissingExtraError(f"this FFmpeg has no encoder for {suffix}", hint=HINT)


def _encode(part: Path, pictures: Iterator[Image.Image], fps: float, encoder: tuple[str, str], camera: Camera) -> None:
    program, codec = encoder
    command = [
        program, "-hide_banner", "-loglevel", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24",
        "-s", f"{camera.width}x{camera.height}", "-r", f"{fps:g}", "-i", "-", "-an", "-c:v", codec, *OPTIONS[codec],
        "-pix_fmt", "yuv420p", "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709",
        "-vf", "scale=out_color_matrix=bt709", *(["-movflags", "+faststart"] if part.suffix == ".mp4" else []), str(part),
    ]  # fmt: skip
    with tempfile.TemporaryFile() as said:
        running = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=said)
        assert running.stdin is not None
        next(pictures)
        try:
            for picture in pictures:
                running.stdin.write(np.asarray(picture.convert("RGB")).tobytes())
            running.stdin.close()
            failed = running.wait() != 0
        except OSError:  # it has ended: what it says follows
            failed = True
        finally:
            with contextlib.suppress(OSError):
                running.stdin.close()
            if running.poll() is None:
                running.kill()
                running.wait()
        if failed:
            said.seek(0)
            lines = said.read().decode("utf-8", "replace").strip().splitlines()
            raise OutputError(f"FFmpeg could not write the film: {lines[-1] if lines else 'no reason given'}", where=str(part))


def _gif(part: Path, pictures: Iterator[Image.Image], fps: float) -> None:
    """Pictures in the colours of the first, which only gives these, each for some hundredths of a second."""
    palette = next(pictures).quantize(255, method=Image.Quantize.MEDIANCUT)
    first = next(pictures)
    rest = (picture.quantize(palette=palette, dither=Image.Dither.NONE) for picture in pictures)
    shown = round(100.0 / fps) * 10
    start: Any = first.quantize(palette=palette, dither=Image.Dither.NONE)
    start.save(part, "GIF", save_all=True, append_images=rest, duration=shown, loop=0, optimize=False)


def _write(target: Path, make: Callable[[Path], None]) -> None:
    """Make a file beside its place, look whether it can be read, and move it there."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix=f".{target.stem}.", suffix=target.suffix.lower(), dir=target.parent)
        os.close(descriptor)
    except OSError as error:
        raise OutputError(f"cannot be written: {error.strerror or error}", where=str(target)) from None
    part = Path(name)
    try:
        make(part)
        if part.stat().st_size < 100:
            raise OutputError("the film that was made is empty", where=str(target))
        part.chmod(0o644)
        os.replace(part, target)
    except OSError as error:
        raise OutputError(f"cannot be written: {error.strerror or error}", where=str(target)) from None
    except OutputError as error:
        error.where = str(target)
        raise
    finally:
        part.unlink(missing_ok=True)
