"""Dutch of what the viewer itself writes: names of layers and classes, words on pictures, in the window and on the page."""

from __future__ import annotations

WORDS: dict[str, str] = {
    # layers and their colours
    "Ground": "Maaiveld", "Terrain": "Terrein", "Beyond the model": "Buiten het model", "Green": "Groen", "Streets": "Straten",
    "Footways": "Voetpaden", "Squares": "Pleinen", "Cycle paths": "Fietspaden", "Wharves": "Werven", "Wharf": "Werf",
    "Railways": "Spoor", "Motorways": "Snelwegen", "Runways": "Startbanen", "Parking": "Parkeren", "Driveways": "Inritten",
    "Bus lanes": "Busbanen", "Stairs": "Trappen", "Bridges": "Bruggen", "Water": "Water", "Quay walls": "Kademuren",
    "Buildings": "Gebouwen", "Trees": "Bomen", "Street furniture": "Straatmeubilair",
    "Furniture of the source": "Meubilair van de bron",
    "Walls and other structures": "Muren en andere bouwwerken", "Mains": "Leidingen", "Cellars": "Kelders",
    "Planned pits (outline)": "Geplande bouwputten (omtrek)", "Changes": "Ingrepen", "Names of changes": "Namen van ingrepen",
    "Excavation": "Bouwput", "Excavations": "Bouwputten", "People": "Mensen", "Crowd density": "Drukte", "Soundings": "Sonderingen",
    "Sensors": "Meetpunten", "Wells": "Peilbuizen", "Land use": "Grondgebruik", "Ground, cut": "Grond, doorsnede",
    "Water, cut": "Water, doorsnede", "Surface": "Oppervlak", "Density": "Dichtheid", "Names": "Namen",
    "Groundwater level": "Grondwaterstand", "Gravel": "Grind", "Sand": "Zand", "Loam": "Leem", "Clay": "Klei", "Peat": "Veen",
    "Made ground": "Opgebrachte grond", "Not described": "Niet beschreven",
    "Window": "Venster", "Floor": "Vloer", "Walls": "Muren", "Exits": "Uitgangen", "Names of exits": "Namen van uitgangen",
    "Street": "Straat", "Busiest place": "Drukste plek",
    "Soil": "Grond", "Groundwater": "Grondwater", "Names of new buildings": "Namen van nieuwe gebouwen",
    "Names of points": "Namen van punten", "Names of counting lines": "Namen van tellijnen",
    "Depths below the ground": "Diepten onder maaiveld",
    # legends
    "people/m²": "personen/m²", "Level of service A-F: Fruin 1971, walkways": "Verkeersniveau A-F: Fruin 1971, looppaden",
    "Change of crowd density": "Verschil in drukte",
    "Walking time": "Looptijd", "Change: walking time": "Verschil: looptijd", "min": "min", "walking time": "looptijd",
    "Green in view": "Groen in beeld", "Change: green in view": "Verschil: groen in beeld", "Shade": "Schaduw",
    "0 sun, 1 shade": "0 zon, 1 schaduw",
    "Change: shade": "Verschil: schaduw", "Canopy cover around": "Kroonbedekking in de omgeving",
    "Change: canopy cover around": "Verschil: kroonbedekking in de omgeving",
    "Strongest antenna": "Sterkste antenne", "the one that is received best": "die het best ontvangen wordt", "none": "geen",
    "others": "andere", "Radio signal": "Radiosignaal", "Change: radio signal": "Verschil: radiosignaal",
    "Landmark in sight": "Zicht op het baken", "Change: landmark in sight": "Verschil: zicht op het baken",
    "Sky view": "Zicht op de hemel", "Sky view, with trees": "Zicht op de hemel, met bomen", "share": "deel",
    "Change: sky view": "Verschil: zicht op de hemel", "sky view": "zicht op de hemel",
    "Change: sky view, with trees": "Verschil: zicht op de hemel, met bomen",
    "Sound level": "Geluidsniveau", "Sound level with bass": "Geluidsniveau met bas", "dB(A)": "dB(A)", "dB(C)": "dB(C)",
    "Change: sound level": "Verschil: geluidsniveau", "Change: sound level with bass": "Verschil: geluidsniveau met bas",
    "Sun on roofs in a year": "Zon op daken in een jaar", "Change: sun on roofs in a year": "Verschil: zon op daken in een jaar",
    "kWh/m2": "kWh/m2", "Hours of sun in a year": "Zonuren in een jaar",
    "Hours of sun in a year, with trees": "Zonuren in een jaar, met bomen",
    "Change: hours of sun in a year": "Verschil: zonuren in een jaar",
    "Change: hours of sun in a year, with trees": "Verschil: zonuren in een jaar, met bomen",
    "Hours of sun": "Zonuren", "Hours of sun, with trees": "Zonuren, met bomen", "h": "uur", "Change": "Verschil",
    "hours of sun": "zonuren", "Change: hours of sun": "Verschil: zonuren", "with trees": "met bomen",
    "Change: hours of sun, with trees": "Verschil: zonuren, met bomen",
    "Variant minus baseline": "Variant min uitgangssituatie",
    # views and sections
    "Overview": "Overzicht", "Plan": "Plattegrond", "Eye level": "Ooghoogte", "Square": "Plein", "Street level": "Straatniveau",
    "The change": "De ingreep", "From the north": "Vanuit het noorden", "From the south": "Vanuit het zuiden",
    "From the east": "Vanuit het oosten", "From the west": "Vanuit het westen", "Cross-section": "Dwarsdoorsnede",
    "Long section": "Lengtedoorsnede", "Below the street": "Onder de straat",
    # sides
    "Baseline": "Uitgangssituatie", "Variant": "Variant", "Difference": "Verschil", "Without the changes": "Zonder de ingrepen",
    "With the changes": "Met de ingrepen",
    # words on pictures
    "at the centre": "in het midden", "people": "mensen", "N": "N",
    "Synthetic city: made up, not a survey": "Verzonnen stad: niet ingemeten",
    "Partial result: the run was interrupted": "Onvolledig resultaat: de berekening is onderbroken",
}  # fmt: skip
"""By the English; what is of the city or the user (titles, names, ids) is never translated."""
