import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { currentWeather, findPlace, forecast, type Units } from './weather.ts';

export interface WeatherUpstream {
  /** Without a slash at the end. */
  readonly url: string;
  /** Ends open connections too. */
  close(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly body: object;
}

/** The API of `specs/weather.yaml`, answered in this process, on loopback and a free port if nothing else is asked for. */
export async function startWeatherUpstream(
  options: { readonly port?: number; readonly host?: string } = {},
): Promise<WeatherUpstream> {
  const server = createServer((request, response) => send(response, answer(request.method ?? '', request.url ?? '/')));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, options.host ?? '127.0.0.1', () => resolve());
  });
  const { address, family, port } = server.address() as AddressInfo;
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function send(response: ServerResponse, { status, body }: Answer): void {
  response.writeHead(status, { 'content-type': status < 400 ? 'application/json' : 'application/problem+json' });
  response.end(JSON.stringify(body));
}

function answer(method: string, target: string): Answer {
  if (!URL.canParse(target, 'http://upstream')) return problem(400, 'Bad Request', 'The request target is no path.');
  const { pathname, searchParams } = new URL(target, 'http://upstream');
  if (pathname !== '/weather' && pathname !== '/forecast')
    return problem(404, 'Not Found', `There is nothing at ${pathname}.`);
  if (method !== 'GET' && method !== 'HEAD') return problem(405, 'Method Not Allowed', 'Only GET is answered here.');
  const units = searchParams.get('units') ?? 'metric';
  if (!isUnits(units)) return problem(400, 'Bad Request', '`units` must be metric or imperial.');
  const name = searchParams.get('city');
  if (name === null) return problem(400, 'Bad Request', '`city` is missing.');
  const place = findPlace(name);
  if (!place) return problem(404, 'Unknown city', `There is no city named ${JSON.stringify(name)}.`);
  if (pathname === '/weather') return { status: 200, body: currentWeather(place, units) };
  const days = searchParams.get('days') ?? '3';
  if (!/^[1-7]$/.test(days)) return problem(400, 'Bad Request', '`days` must be a whole number from 1 to 7.');
  return { status: 200, body: forecast(place, Number(days), units) };
}

function isUnits(word: string): word is Units {
  return word === 'metric' || word === 'imperial';
}

/** RFC 9457 */
function problem(status: number, title: string, detail: string): Answer {
  return { status, body: { type: 'about:blank', title, status, detail } };
}
