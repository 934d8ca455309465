"""Sources of sound: from the level that is measured before a stage to the power of its octave bands, and where it goes."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from twin.scenario.noise import SoundSource
from twin.scenario.traffic import SoundLine
from twin.sim.impact.acoustics import total, weights

SPECTRA_DBA: Mapping[str, tuple[float, ...]] = MappingProxyType({
    "pop": (-27.0, -14.0, -9.0, -6.0, -5.0, -6.0, -10.0, -20.0),
    "dance": (-13.0, -8.0, -8.0, -7.0, -7.0, -9.0, -10.0, -20.0),
    "voice": (-21.7, -16.1, -2.4, -7.2, -8.5, -12.8, -19.9, -30.0),
})  # fmt: skip
"""Octave bands from 63 Hz to 8 kHz against the whole, A-weighted [dB(A)]: the Dutch standard spectra for pop music, house and
voices as consultants use them (63 Hz to 4 kHz: Sonus, "Standaard muziekspectra"; 8 kHz is an estimate and hardly counts). They have
no band of 31.5 Hz, so the deepest bass is not in it; `pop` is that of quiet music, a festival is nearer to `dance`."""

BEHIND = (0.0, 0.3, 0.7, 1.0, 1.0, 1.0, 1.0, 1.0)
"""Part of the rejection that bands have: bass goes all round (an estimate: stages differ, and some have bass that is steered)."""


def power_of(source: SoundSource | SoundLine) -> NDArray[np.float64]:
    """Sound power of each octave band, as if it went all round as it goes to the front, (8,) [dB re 1 pW]; of a line, of a metre.

    The level is taken to be measured in the open, where only distance counts: 20 lg d + 11.
    """
    relative = np.array(SPECTRA_DBA[source.spectrum] if source.bands_dba is None else source.bands_dba, dtype=np.float64)
    unweighted = relative - weights("A")
    if isinstance(source, SoundLine):
        return np.asarray(unweighted + source.power_db_m - float(total(unweighted + weights(source.weighting))))
    unweighted += source.level_db - float(total(unweighted + weights(source.weighting)))
    return np.asarray(unweighted + 20.0 * np.log10(source.distance_m) + 11.0)


def energy_of(source: SoundSource | SoundLine, weighting: str) -> NDArray[np.float64]:
    """Weighted energy of each band, (8,): times a share of `twin.sim.impact.noise`, summed, it is that of a level."""
    made: NDArray[np.float64] = 10.0 ** (0.1 * (power_of(source) + weights(weighting)))
    return made


def direction(source: SoundSource, azimuth_deg: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """What a source sends to each side, against what it sends to the front: energies of each band, (..., 8); None if all the same.

    Parameters
    ----------
    source : SoundSource
    azimuth_deg : (...) float64
        From the source, from north clockwise [deg].
    """
    if source.facing_deg is None or source.rejection_db == 0.0:
        return None
    turn = np.radians(np.asarray(azimuth_deg, dtype=np.float64) - source.facing_deg)
    part = 0.5 * (1.0 - np.cos(turn))
    made: NDArray[np.float64] = 10.0 ** (-0.1 * source.rejection_db * part[..., None] * np.array(BEHIND))
    return made
