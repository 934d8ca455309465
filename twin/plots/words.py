"""What maps and sections say, in English and Dutch: words, numbers and clock times."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from twin.errors import ParameterError, did_you_mean

_WORDS: Mapping[str, tuple[str, str]] = MappingProxyType({
    "density": ("Crowd density", "Dichtheid van mensen"),
    "density_max": ("Highest crowd density", "Hoogste dichtheid"),
    "density_max_time": ("Time of the highest density", "Tijdstip van de hoogste dichtheid"),
    "mean_speed": ("Mean walking speed", "Gemiddelde loopsnelheid"),
    "speed_variance": ("Variance of the walking speed", "Variantie van de loopsnelheid"),
    "crowd_pressure": ("Crowd pressure", "Druk in de menigte"),
    "crowd_pressure_max": ("Highest crowd pressure", "Hoogste druk in de menigte"),
    "crowd_pressure_max_time": ("Time of the highest crowd pressure", "Tijdstip van de hoogste druk"),
    "exposure": ("Cumulative exposure", "Opgetelde verblijfstijd"),
    "time_dense": ("Time denser than 4 people/m²", "Tijd boven 4 mensen/m²"),
    "level_of_service": ("Level of service", "Kwaliteitsniveau"),
    "level_of_service_interval": ("Level of service", "Kwaliteitsniveau"),
    "floor_height": ("Height of the floor", "Hoogte van de vloer"),
    "walkable": ("Floor people can stand on", "Begaanbare vloer"),
    "all_levels": ("all levels, the fuller on top", "alle niveaus, het volste boven"),
    "level": ("level {level}", "niveau {level}"),
    "street": ("street", "straat"),
    "wharf": ("wharf", "werf"),
    "change_of": ("Change: {what}", "Verandering: {what}"),
    "difference": ("variant minus baseline", "met min zonder de ingreep"),
    "baseline": ("without the changes", "zonder de ingreep"),
    "variant": ("with the changes", "met de ingreep"),
    "of_first": ("first seed ({seed})", "eerste reeks toevalsgetallen ({seed})"),
    "los_note": ("Level of service,\nFruin 1971, {scheme}", "Kwaliteitsniveau volgens\nFruin 1971, {scheme}"),
    "walkway": ("walkways", "looppaden"),
    "stairs": ("stairs", "trappen"),
    "queueing": ("queues", "wachtrijen"),
    "people_per_m2": ("people/m²", "mensen/m²"),
    "hotspots": ("Densest places", "Volste plekken"),
    "partial": ("interrupted run", "onderbroken berekening"),
    "synthetic": ("synthetic city, not a survey", "verzonnen stad, geen opmeting"),
    "people": ("People", "Mensen"),
    "present": ("present", "aanwezig"),
    "waiting": ("waiting to enter", "wachten op toegang"),
    "left": ("have left", "vertrokken"),
    "time": ("time", "tijd"),
    "clock": ("clock time", "kloktijd"),
    "since_start": ("time since the start (min:s)", "tijd sinds het begin (min:s)"),
    "limit": ("limit {value}", "grens {value}"),
    "people_gone": ("People who have left, by exit", "Vertrokken mensen, per uitgang"),
    "people_crossed": ("People who have crossed, by line", "Gepasseerde mensen, per tellijn"),
    "people_in": ("People in each area", "Mensen in elk gebied"),
    "density_at": ("Density at the densest places", "Dichtheid op de volste plekken"),
    "flow": ("Flow, over {interval:g} s", "Doorstroming, per {interval:g} s"),
    "per_minute": ("people a minute", "mensen per minuut"),
    "band": ("{low:g}–{high:g} % of {count} seeds", "{low:g}–{high:g} % van {count} reeksen"),
    "median": ("median of {count} seeds", "mediaan van {count} reeksen"),
    "ensemble_mean": ("Highest density, mean of {count} seeds", "Hoogste dichtheid, gemiddelde van {count} reeksen"),
    "ensemble_median": ("Highest density, median of {count} seeds", "Hoogste dichtheid, mediaan van {count} reeksen"),
    "ensemble_p95": (
        "Highest density, 95 % of {count} seeds stay below",
        "Hoogste dichtheid, waar 95 % van {count} reeksen onder blijft",
    ),
    "ensemble_exceedance": ("Probability of more than {limit} people/m²", "Kans op meer dan {limit} mensen/m²"),
    "share_of_seeds": ("share of {count} seeds", "deel van {count} reeksen"),
    "distance": ("distance along the section (m)", "afstand langs de doorsnede (m)"),
    "height": ("height (m)", "hoogte (m)"),
    "height_in": ("height (m {datum})", "hoogte (m {datum})"),
    "ground": ("ground", "grond"),
    "ground_guessed": ("ground (height estimated)", "grond (hoogte geschat)"),
    "water": ("water", "water"),
    "building": ("building, cut", "gebouw, doorsneden"),
    "bridge": ("bridge", "brug"),
    "cellar": ("cellar", "kelder"),
    "pit": ("pit", "bouwput"),
    "tree": ("tree beside the line", "boom naast de lijn"),
    "construction": ("wall or quay, cut", "muur of kade, doorsneden"),
    "surface": ("surface without volume", "vlak zonder inhoud"),
    "exaggerated": ("heights exaggerated {times:g} times", "hoogten {times:g} maal overdreven"),
    "mains_sewer": ("sewer", "riool"),
    "mains_water": ("water main", "waterleiding"),
    "mains_gas": ("gas main", "gasleiding"),
    "mains_heat": ("heat main", "warmteleiding"),
    "mains_other": ("cable or pipe", "kabel of leiding"),
    "estimated": ("(depth estimated)", "(diepte geschat)"),
    "tunnel": ("tunnel", "tunnel"),
    "road": ("street", "straat"),
    "green": ("green", "groen"),
    "buildings": ("buildings", "gebouwen"),
    "trees": ("trees", "bomen"),
    "landuse": ("land use", "grondgebruik"),
    "roads": ("street", "straat"),
    "streets": ("street, line", "straat, als lijn"),
    "bridges": ("bridge", "brug"),
    "tunnels": ("tunnel", "tunnel"),
    "utilities": ("mains", "leidingen"),
    "cellars": ("cellar", "kelder"),
    "pits": ("pit", "bouwput"),
    "furniture": ("street furniture", "straatmeubilair"),
    "stops": ("stop", "halte"),
    "sensors": ("sensor", "sensor"),
    "soundings": ("sounding", "sondering"),
    "wells": ("well", "peilbuis"),
    "other": ("other", "overig"),
    "surface_street": ("street", "straat"),
    "surface_lane": ("lane", "steeg"),
    "surface_bridge": ("bridge", "brug"),
    "surface_square": ("square", "plein"),
    "surface_wharf": ("wharf", "werf"),
    "nothing_here": ("nothing to show", "niets te tonen"),
    "grey_is_no_floor": ("grey: no floor", "grijs: geen vloer"),
    "surface_footway": ("footway", "voetpad"),
    "surface_cycleway": ("cycleway", "fietspad"),
    "surface_carriageway": ("carriageway", "rijbaan"),
    "highest": ("highest of each place", "hoogste waarde van elke plek"),
    "mean_of": ("mean over time", "gemiddeld over de tijd"),
    "at": ("at", "om"),
    "exit": ("exit", "uitgang"),
    "line": ("line", "tellijn"),
    "area": ("in", "in"),
    "fuller": ("more", "meer"),
    "emptier": ("less", "minder"),
    "water_open": ("depth not known", "diepte niet bekend"),
    "section": ("Section", "Doorsnede"),
    "space_time": ("Along the line over time", "Langs de lijn in de tijd"),
    "everywhere": ("anywhere", "waar dan ook"),
    "months": (
        "January,February,March,April,May,June,July,August,September,October,November,December",
        "januari,februari,maart,april,mei,juni,juli,augustus,september,oktober,november,december",
    ),
    "change_above": ("more than {value}", "meer dan {value}"), "change_below": ("below {value}", "onder {value}"),
    "change_between": ("{least} to {most}", "{least} tot {most}"),
    "no_change_left_out": (
        "without colour: less than {least}, or out of reach", "zonder kleur: minder dan {least}, of buiten bereik",
    ),
    "impact_settlement_mm": ("Settlement of the ground", "Zakking van de grond"),
    "impact_drawdown_m": ("Fall of the water table", "Daling van de grondwaterstand"),
    "impact_head_drawdown_m": ("Fall of the head below clay and peat", "Daling van de stijghoogte onder klei en veen"),
    "damage_category": ("damage category {category}: {n}", "schadecategorie {category}: {n}"),
    "impact_water_depth": ("Largest depth of water", "Grootste waterdiepte"),
    "impact_water_depth_end": ("Depth of water at the end", "Waterdiepte aan het eind"),
    "impact_water_speed": ("Largest speed of water", "Grootste stroomsnelheid"),
    "impact_walking_time": ("Walking time to the nearest destination", "Looptijd naar de dichtstbijzijnde bestemming"),
    "impact_wind_p5": ("Hours with wind above 5 m/s", "Uren met wind boven 5 m/s"),
    "impact_cellar_use": ("Use of cellars (required over available)", "Benutting van kelders (nodig gedeeld door aanwezig)"),
    "impact_cellar_screening": ("Screening of cellars", "Eerste toets van kelders"),
    "class_within": ("within", "binnen"), "class_near": ("near", "bijna"), "class_beyond": ("beyond", "boven"),
    "not judged": ("not judged", "niet beoordeeld"),
    "cellar_screening_within": ("within", "binnen"), "cellar_screening_near": ("near", "bijna"),
    "cellar_screening_beyond": ("beyond", "boven"), "cellar_screening_not judged": ("not judged", "niet beoordeeld"),
    "way_beyond": ("way beyond the limit", "route boven de grens"), "way_within": ("way within the limit", "route binnen de grens"),
    "wharf_wall": ("wharf wall near a pit", "werfmuur bij een bouwput"),
    "class_safe": ("no danger", "geen gevaar"),
    "class_limited_risk": ("limited risk", "beperkt risico"),
    "class_dangerous": ("dangerous", "gevaarlijk"),
    "impact_wind_p15": ("Hours with wind above 15 m/s", "Uren met wind boven 15 m/s"),
    "impact_pet_mean": ("Perceived temperature (PET), mean of the hours", "Gevoelstemperatuur (PET), gemiddeld over de uren"),
    "impact_pet_max": ("Perceived temperature (PET), hottest hour", "Gevoelstemperatuur (PET), heetste uur"),
    "impact_utci_mean": ("Perceived temperature (UTCI), mean of the hours", "Gevoelstemperatuur (UTCI), gemiddeld over de uren"),
    "impact_utci_max": ("Perceived temperature (UTCI), hottest hour", "Gevoelstemperatuur (UTCI), heetste uur"),
    "impact_vehicle_distance": ("Distance from where the vehicle can stand", "Afstand tot waar het voertuig kan staan"),
    "route": ("route", "route"), "route_blocked": ("blocked on the route", "versperd op de route"),
    "changes_marked": ("What changes", "Wat er verandert"),
    "antenna": ("antenna", "antenne"),
    "worse_off": ("worse off: {n}", "slechter af: {n}"),
    "station": ("comes from", "komt van"),
    "impact_canopy_cover": ("Canopy cover around", "Kroonbedekking in de omgeving"),
    "impact_green_view": ("Green in view", "Groen in beeld"),
    "impact_shade": ("Shade", "Schaduw"),
    "impact_landmark_seen": ("Landmark in sight", "Zicht op het baken"),
    "impact_landmark_angle": ("How high it stands in view", "Hoe hoog het in beeld staat"),
    "impact_signal_dbm": ("Radio signal", "Radiosignaal"),
    "impact_best_server": ("Strongest antenna", "Sterkste antenne"),
    "none_of_them": ("none", "geen"),
    "cone_resistance": ("Cone resistance qc (MPa)", "Conusweerstand qc (MPa)"),
    "sleeve_friction": ("sleeve friction fs (kPa)", "plaatselijke wrijving fs (kPa)"),
    "friction_ratio": ("Friction ratio Rf (%)", "Wrijvingsgetal Rf (%)"),
    "behaviour_index": ("Index Ic (SBTn)", "Index Ic (SBTn)"),
    "behaviour_plain": ("dotted: I_SBT, where the stress is assumed", "gestippeld: I_SBT, waar de spanning is aangenomen"),
    "soil_layers": ("Layers", "Lagen"),
    "depth_below": ("depth below the ground (m)", "diepte onder maaiveld (m)"),
    "not_measured": ("not measured", "niet gemeten"), "not_described": ("not described", "niet beschreven"),
    "groundwater": ("groundwater", "grondwater"), "groundwater_assumed": ("groundwater, assumed", "grondwater, aangenomen"),
    "cone_test": ("Cone penetration test {id}", "Sondering {id}"), "borehole": ("Borehole {id}", "Boring {id}"),
    "ground_at": ("ground at {value} m {datum}", "maaiveld op {value} m {datum}"),
    "ground_unknown": ("height of the ground not stated", "hoogte van het maaiveld niet vermeld"),
    "soil_gravel": ("gravel", "grind"), "soil_sand": ("sand", "zand"), "soil_loam": ("loam", "leem"), "soil_clay": ("clay", "klei"),
    "soil_peat": ("peat", "veen"), "soil_made ground": ("made ground", "opgebracht"),
    "soil_silty": ("silty sand", "siltig zand"),
    "water_doubted": ("a stated water level is doubtful and not used", "een vermelde waterstand is twijfelachtig en niet gebruikt"),
    "no_pore_pressure": ("no pore pressure: qt = qc", "geen waterspanning: qt = qc"),
    "zone_2": ("2 peat", "2 veen"), "zone_3": ("3 clay", "3 klei"), "zone_4": ("4 silt", "4 silt"),
    "zone_5": ("5 silty sand", "5 siltig zand"), "zone_6": ("6 sand", "6 zand"), "zone_7": ("7 dense", "7 vast"),
    "soil_note": ("zones: Robertson 2009, 2010; first estimates, no design values",
                  "zones: Robertson 2009, 2010; eerste schattingen, geen rekenwaarden"),
    "others": ("{n} others", "{n} andere"),
    "impact_sky_view": ("Sky view, without trees", "Zicht op de hemel, zonder bomen"),
    "impact_sky_view_trees": ("Sky view, with trees", "Zicht op de hemel, met bomen"),
    "impact_sound_level_a": ("Sound level", "Geluidsniveau"),
    "impact_sound_level_c": ("Sound level with bass", "Geluidsniveau met bas"),
    "impact_sound_level_den": ("Road traffic, Lden", "Wegverkeer, Lden"),
    "impact_sound_level_night": ("Road traffic, Lnight", "Wegverkeer, Lnight"),
    "impact_roof_irradiation": ("Sun on roofs in a year", "Zon op daken in een jaar"),
    "impact_sun_hours_year": ("Hours of sun in a year, without trees", "Zonuren in een jaar, zonder bomen"),
    "impact_sun_hours_year_trees": ("Hours of sun in a year, with trees", "Zonuren in een jaar, met bomen"),
    "impact_sun_hours": ("Hours of sun, without trees", "Zonuren, zonder bomen"),
    "impact_sun_hours_trees": ("Hours of sun, with trees", "Zonuren, met bomen"),
    "cellar_title": ("Wharf cellar {name}: vault and thrust line", "Werfkelder {name}: gewelf en druklijn"),
    "cellar_ground": ("ground", "grond"),
    "cellar_ring": ("vault", "gewelf"),
    "cellar_third": ("middle third", "middelste derde"),
    "cellar_load": ("governing load on the vault", "maatgevende belasting op het gewelf"),
    "cellar_thrust": ("thrust line at the end of its capacity", "druklijn op de grens van de draagkracht"),
    "cellar_hinge": ("hinge", "scharnier"),
    "cellar_span": ("span {value} m", "overspanning {value} m"),
    "cellar_rise": ("rise {value} m", "pijl {value} m"),
    "cellar_ring_of": ("ring {value} m", "gewelf {value} m"),
    "cellar_cover": ("cover {value} m", "dekking {value} m"),
    "cellar_crown": ("crown", "kruin"),
    "cellar_springing": ("springing", "aanzet"),
    "cellar_floor": ("floor", "vloer"),
    "cellar_governing": ("governs: {what}", "maatgevend: {what}"),
    "cellar_use": ("use factor {value}", "benutting {value}"),
    "cellar_factor": ("load factor {value}", "belastingfactor {value}"),
    "cellar_push": ("thrust {value} kN/m", "spatkracht {value} kN/m"),
    "cellar_confidence": ("confidence: {value}", "betrouwbaarheid: {value}"),
    "cellar_high": ("high", "hoog"),
    "cellar_medium": ("medium", "middel"),
    "cellar_low": ("low", "laag"),
    "cellar_label": ("screening, not an assessment by NEN 8700", "eerste toets, geen beoordeling volgens NEN 8700"),
    "cellar_assumes": (
        "no tension, abutments that do not move, no push of the ground; heights in the datum of the city; walls as an indication",
        "geen trek, aanzetten die niet wijken, geen zijdelingse gronddruk; hoogten in het peil van de stad; muren ter indicatie",
    ),
    "cellar_estimated": ("not known, estimated: {what}", "niet bekend, geschat: {what}"),
    "cellar_load_crowd": ("crowd", "menigte"),
    "cellar_load_stage": ("stage", "podium"),
    "cellar_load_vehicle": ("vehicle", "voertuig"),
    "cellar_load_crane": ("crane", "kraan"),
    "cellar_load_own": ("own", "eigen"),
    "cellar_of_ring": ("ring", "gewelfdikte"),
    "cellar_of_shape": ("springing", "aanzet"),
    "cellar_of_cover": ("cover", "dekking"),
    "cellar_of_backing": ("backing (taken as none)", "aanrazering (geen aangenomen)"),
})  # fmt: skip

LANGUAGES: Mapping[str, Mapping[str, str]] = MappingProxyType({
    language: MappingProxyType({key: both[k] for key, both in _WORDS.items()}) for k, language in enumerate(("en", "nl"))
})  # fmt: skip
"""Words by key, by language."""

UNITS: Mapping[str, str] = MappingProxyType({
    "m-2": "people/m²", "m": "m", "s": "s", "m s-1": "m/s", "m2 s-2": "m²/s²", "s-2": "1/s²", "s m-2": "s/m²", "1": "",
    "share": "share",
})  # fmt: skip
"""Units of `twin.variables` as a legend prints them."""


def words(language: str) -> Mapping[str, str]:
    """The words of a language.

    Raises
    ------
    ParameterError
        When it is none of `LANGUAGES`.
    """
    if language not in LANGUAGES:
        raise ParameterError(f"there are no plots in `{language}`{did_you_mean(str(language), LANGUAGES)}", hint='"en" or "nl"')
    return LANGUAGES[language]


def number(value: float, digits: int, language: str = "en") -> str:
    """A number with so many decimals; Dutch has a comma there and points between thousands."""
    text = f"{value:,.{digits}f}"
    return text.translate(str.maketrans(",.", ".,")) if language == "nl" else text


def unit_of(units: str, language: str = "en") -> str:
    """A unit of `twin.variables` for people."""
    shown = UNITS.get(units, units)
    if language != "nl":
        return shown
    return shown.replace("people", "mensen").replace("share", "deel").replace("0 sun, 1 shade", "0 zon, 1 schaduw")


def clock(seconds: float, start: str = "", *, exact: bool = False) -> str:
    """A moment as a clock time where the start is known (``"22:31:30"``), else minutes and seconds since the start (``"1:30"``).

    Parameters
    ----------
    seconds : float
        Since the start [s].
    start : str
        ``"hh:mm"`` or ``"hh:mm:ss"``; empty when it is not known.
    exact : bool
        With seconds even where they are 0, so that times in a column are alike.
    """
    whole = round(seconds)
    if not start:
        return f"{whole // 60}:{whole % 60:02d}"
    parts = [int(part) for part in start.split(":")]
    whole += parts[0] * 3600 + parts[1] * 60 + (parts[2] if len(parts) > 2 else 0)
    minutes = f"{whole // 3600 % 24:02d}:{whole // 60 % 60:02d}"
    return minutes if whole % 60 == 0 and not exact else f"{minutes}:{whole % 60:02d}"


def class_range(low: float, high: float, language: str = "en", digits: int = 2) -> str:
    """The range of a class: ``"< 0.31"``, ``"0.31 – 0.43"``, ``"> 2.17"``; an open end is infinite, or 0 below."""
    least, most = (number(end, digits, language).replace("-", "−") for end in (low, high))
    if high == float("inf"):
        return f"> {least}"
    return f"< {most}" if low in (float("-inf"), 0.0) else f"{least} – {most}"


def change_range(low: float, high: float, language: str = "en", digits: int = 2) -> str:
    """The range of a class of a difference, from the smallest change on: ``"+0.50 to +1.00"``, ``"more than +1.00"``.

    Parameters
    ----------
    low, high : float
        On one side of 0; the end that is farthest from 0 may be infinite.
    language : {"en", "nl"}
    digits : int
    """
    sign, small, large = ("−", -high, -low) if high <= 0 else ("+", low, high)
    least, most = (f"{sign}{number(end, digits, language)}" for end in (small, large))
    told = words(language)
    if large == float("inf"):
        return told["change_below" if sign == "−" else "change_above"].format(value=least)
    return told["change_between"].format(least=least, most=most)
