import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The weather API of `specs/weather.yaml`, made up but steady: what the main job runs against without a network. */
export interface WeatherUpstream {
  readonly url: string;
  close(): Promise<void>;
}

const CITIES: { readonly [city: string]: { readonly country: string; readonly base: number } } = {
  berlin: { country: 'Germany', base: 9 },
  lagos: { country: 'Nigeria', base: 28 },
  lima: { country: 'Peru', base: 19 },
  oslo: { country: 'Norway', base: 4 },
  tokyo: { country: 'Japan', base: 16 },
  wellington: { country: 'New Zealand', base: 13 },
};
const SKIES = ['clear', 'partly cloudy', 'overcast', 'light rain', 'showers', 'fog'];

/** Starts it on a free loopback port. */
export async function startWeatherUpstream(): Promise<WeatherUpstream> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function answer(request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? '/', 'http://weather');
  const city = (url.searchParams.get('city') ?? '').trim();
  const units = url.searchParams.get('units') ?? 'celsius';
  const days = Number(url.searchParams.get('days') ?? '3');
  if (request.method !== 'GET') return problem(response, 405, 'Only GET is served here.');
  if (url.pathname !== '/weather' && url.pathname !== '/forecast')
    return problem(response, 404, `There is nothing at ${url.pathname}.`);
  const known = CITIES[city.toLowerCase()];
  if (!known)
    return problem(
      response,
      404,
      `The city ${JSON.stringify(city)} is not known. Known are ${Object.keys(CITIES).join(', ')}.`,
    );
  if (url.pathname === '/weather')
    return json(response, 200, { city, country: known.country, units, ...weatherOf(city, known.base, 0, units) });
  if (!Number.isInteger(days) || days < 1 || days > 7) return problem(response, 400, 'days must be from 1 to 7.');
  json(response, 200, {
    city,
    country: known.country,
    units,
    days: Array.from({ length: days }, (_, day) => ({ day: day + 1, ...weatherOf(city, known.base, day + 1, units) })),
  });
}

function weatherOf(city: string, base: number, day: number, units: string) {
  const seed = Array.from(`${city.toLowerCase()}${day}`).reduce(
    (sum, char) => (sum * 31 + char.charCodeAt(0)) % 9973,
    7,
  );
  const celsius = base + (seed % 9) - 4;
  return {
    temperature: units === 'fahrenheit' ? Math.round(celsius * 1.8 + 32) : celsius,
    sky: SKIES[seed % SKIES.length],
    wind_kmh: seed % 40,
  };
}

function json(response: ServerResponse, status: number, body: unknown, type = 'application/json'): void {
  response.writeHead(status, { 'content-type': type }).end(JSON.stringify(body));
}

function problem(response: ServerResponse, status: number, detail: string): void {
  json(response, status, { type: 'about:blank', status, detail }, 'application/problem+json');
}
