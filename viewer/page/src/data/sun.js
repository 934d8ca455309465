// Where the sun stands, after Meeus, "Astronomical Algorithms" (low accuracy, 0.01 degree), as NOAA uses it.
const RAD = Math.PI / 180;

// Degrees: azimuth from north clockwise, altitude above the horizon with refraction; `instant` in ms since 1970 UTC.
export function sunAt(instant, latitude, longitude) {
  const day = instant / 86400000 + 2440587.5 - 2451545;
  const century = day / 36525;
  const mean = 280.46646 + century * (36000.76983 + century * 0.0003032);
  const anomaly = (357.52911 + century * (35999.05029 - 0.0001537 * century)) * RAD;
  const centre = (1.914602 - century * 0.004817) * Math.sin(anomaly) + 0.019993 * Math.sin(2 * anomaly) + 0.000289 * Math.sin(3 * anomaly);
  const node = (125.04 - 1934.136 * century) * RAD;
  const apparent = (mean + centre - 0.00569 - 0.00478 * Math.sin(node)) * RAD;
  const tilt = (23.4392911 - 0.0130042 * century + 0.00256 * Math.cos(node)) * RAD;
  const declination = Math.asin(Math.sin(tilt) * Math.sin(apparent));
  const ascension = Math.atan2(Math.cos(tilt) * Math.sin(apparent), Math.cos(apparent));
  const sidereal = (280.46061837 + 360.98564736629 * day) * RAD;
  const hour = sidereal + longitude * RAD - ascension;
  const phi = latitude * RAD;
  const altitude = Math.asin(Math.sin(phi) * Math.sin(declination) + Math.cos(phi) * Math.cos(declination) * Math.cos(hour));
  const azimuth = Math.atan2(-Math.sin(hour), Math.tan(declination) * Math.cos(phi) - Math.sin(phi) * Math.cos(hour));
  return {azimuth: (azimuth / RAD + 360) % 360, altitude: altitude / RAD + refraction(altitude / RAD)};
}

function refraction(altitude) {
  return altitude <= -2 ? 0 : 1.02 / Math.tan((altitude + 10.3 / (altitude + 5.11)) * RAD) / 60;
}

// The instant of a local date ("2026-04-27") and hour in a time zone; without one, in UTC as `viewer.sky` has it.
export function instantOf(date, hour, timezone) {
  const wall = Date.parse(`${date}T00:00:00Z`) + hour * 3600000;
  if (!isZone(timezone)) return wall;
  // Twice: the offset of the zone is asked at the moment that the first answer gives.
  let instant = wall - offsetAt(wall, timezone);
  instant = wall - offsetAt(instant, timezone);
  return instant;
}

// Not every browser knows every zone.
function isZone(timezone) {
  if (!timezone) return false;
  try {
    return Boolean(new Intl.DateTimeFormat("en-US", {timeZone: timezone}));
  } catch {
    return false;
  }
}

function offsetAt(instant, timezone) {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone: timezone, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric",
  });
  const part = Object.fromEntries(format.formatToParts(new Date(instant)).map(({type, value}) => [type, Number(value)]));
  return Date.UTC(part.year, part.month - 1, part.day, part.hour, part.minute, part.second) - Math.floor(instant / 1000) * 1000;
}

// Unit vector towards the sun, x east, y north, z up.
export function direction(azimuth, altitude) {
  const flat = Math.cos(altitude * RAD);
  return [flat * Math.sin(azimuth * RAD), flat * Math.cos(azimuth * RAD), Math.sin(altitude * RAD)];
}
