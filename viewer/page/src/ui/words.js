// The texts of the page in two languages. English is the key; what the scene says itself comes with its own Dutch.
const DUTCH = {
  "Layers": "Lagen", "Legend": "Legenda", "Views": "Aanzichten", "Sun": "Zon", "Section": "Doorsnede", "About": "Over dit model",
  "Compare": "Vergelijken", "Before": "Voor", "After": "Na", "Difference": "Verschil", "Swipe": "Schuif",
  "Play": "Afspelen", "Pause": "Pauze", "Time": "Tijd", "Speed": "Snelheid", "people": "mensen", "Date": "Datum", "Hour": "Uur",
  "Direction": "Richting", "Height": "Hoogte", "Place": "Plaats", "Turn": "Draaien", "Plan": "Plattegrond", "In 3D": "In 3D", "Start view": "Beginbeeld",
  "Upright plane": "Staand vlak", "Level plane": "Liggend vlak", "See through the ground": "Door de grond kijken",
  "Help": "Uitleg", "Close": "Sluiten", "Menu": "Menu", "Nearer": "Dichterbij", "Farther": "Verder weg", "Compass: click to look north": "Kompas: klik om naar het noorden te kijken",
  "Clicked": "Aangeklikt", "Click a building, a tree or another thing to see what is known of it.": "Klik op een gebouw, een boom of iets anders om te zien wat ervan bekend is.",
  "Nothing is known of this place.": "Van deze plek is niets bekend.", "Coordinates": "Coördinaten", "origin": "oorsprong", "Sources": "Bronnen",
  "the sun is down": "de zon is onder", "high": "hoog", "Divider between before and after": "Scheiding tussen voor en na",
  "3D scene: arrow keys turn, shift and arrow keys move, plus and minus zoom": "3D-beeld: pijltjes draaien, shift met pijltjes verschuift, plus en min zoomen",
  "Mouse": "Muis", "Drag: turn. Right button or Shift: move. Wheel: zoom. Click: what is known.": "Slepen: draaien. Rechterknop of Shift: verschuiven. Wiel: zoomen. Klik: wat er bekend is.",
  "Touch": "Aanraken", "One finger: turn. Two fingers: move and zoom. Tap: what is known.": "Eén vinger: draaien. Twee vingers: verschuiven en zoomen. Tik: wat er bekend is.",
  "Keys": "Toetsen", "turn": "draaien", "move": "verschuiven", "zoom": "zoomen", "start view": "beginbeeld", "play or pause": "afspelen of pauze",
  "a step back or on": "een stap terug of vooruit", "views": "aanzichten", "plan": "plattegrond", "section on or off": "doorsnede aan of uit",
  "next side of a comparison": "volgende zijde van een vergelijking", "both sides, with a divider": "beide zijden, met een schuif", "language": "taal", "this help": "deze uitleg", "pick the middle": "wat er in het midden staat", "close": "sluiten",
  "ground": "bodem", "buildings": "gebouwen", "water": "water", "green": "groen", "street": "straat", "bridges": "bruggen", "underground": "ondergrond",
  "change": "ingreep", "people (layers)": "mensen", "results": "uitkomsten", "annotations": "aanduidingen", "points": "punten", "surroundings": "omgeving",
  "furniture": "meubilair", "section": "doorsnede", "scale": "schaal", "other": "overig", "layer": "laag", "height": "hoogte", "use": "gebruik", "kind": "soort", "type": "soort", "surface": "oppervlak",
  "floor": "vloer", "roof": "dak", "year": "bouwjaar", "name": "naam", "level": "niveau", "crown diameter": "kroondiameter", "crown base": "onderkant kroon", "height source": "herkomst hoogte", "roof shape": "dakvorm",
  "material": "materiaal", "depth": "diepte", "crown": "kruin", "bottom": "onderkant", "top": "bovenkant", "diameter": "diameter", "cover": "dekking",
  "value": "waarde", "source": "bron", "storeys": "bouwlagen", "status": "status", "address": "adres", "function": "functie", "z": "hoogte (z)", "area": "oppervlakte",
  "Hatched soil is guessed: no sounding stands within 100 m of it. Brown ground was not explored.": "Gearceerde grond is geschat: er staat geen sondering binnen 100 m. Bruine grond is niet onderzocht.",
  "Where none is given, sheets and struts have usual sizes and wells an estimated depth.": "Waar niets is opgegeven hebben damplanken en stempels gangbare maten en bronnen een geschatte diepte.",
  "Settlement, damage and water are of the whole work, whatever stage is seen.": "Zetting, schade en water zijn van het hele werk, welke fase ook te zien is.",
  "Stages of the work": "Fasen van het werk", "from": "vanaf", "until": "tot en met", "soil": "grond", "certainty": "zekerheid", "bottom known": "onderkant bekend", "sounding": "sondering",
  "screening": "toetsing", "use factor": "benuttingsfactor", "category": "klasse", "damage": "schade", "cracks": "scheuren", "settlement": "zetting", "what": "wat", "pit": "bouwput",
  "The scene cannot be shown": "Het model kan niet worden getoond", "Drawn with three.js (MIT licence)": "Getekend met three.js (MIT-licentie)",
};
const EXTRA = {"people (layers)": "people"};

export const SPEAK = {language: "en", scene: {}};

// A text in the language that is set.
export function t(text) {
  const known = SPEAK.language === "nl" ? [DUTCH, SPEAK.scene] : [EXTRA];
  // A text of the scene may be called like what every object has, such as "constructor".
  for (const words of known) if (Object.hasOwn(words, text)) return words[text];
  return text;
}

export const locale = () => (SPEAK.language === "nl" ? "nl-NL" : "en-GB");

// Write every text of the page that is marked in the HTML.
export function writeMarked() {
  document.documentElement.lang = SPEAK.language;
  for (const element of document.querySelectorAll("[data-t]")) element.textContent = t(element.dataset.t);
  for (const element of document.querySelectorAll("[data-label]")) {
    element.setAttribute("aria-label", t(element.dataset.label));
    if (element.tagName === "BUTTON") element.title = t(element.dataset.label);
  }
}
