import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startWeatherUpstream, type WeatherUpstream } from '../../src/demo/upstream.ts';

interface Weather {
  readonly city: string;
  readonly country?: string;
  readonly temperature: number;
  readonly humidity: number;
  readonly condition: string;
}

interface Forecast {
  readonly days: readonly { readonly day: number; readonly low: number; readonly high: number }[];
}

describe('the weather upstream', () => {
  let upstream: WeatherUpstream;

  beforeAll(async () => {
    upstream = await startWeatherUpstream();
  });

  afterAll(() => upstream.close());

  async function get<Body>(path: string): Promise<{ status: number; type: string | null; body: Body }> {
    const response = await fetch(upstream.url + path);
    return {
      status: response.status,
      type: response.headers.get('content-type'),
      body: (await response.json()) as Body,
    };
  }

  it('listens on loopback only', () => {
    expect(upstream.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  });

  it.each(['Lisbon', 'lisbon', ' LISBON '])('knows the country of %s', async (city) => {
    const { status, body } = await get<Weather>(`/weather?city=${encodeURIComponent(city)}`);
    expect({ status, city: body.city, country: body.country }).toEqual({
      status: 200,
      city: 'Lisbon',
      country: 'Portugal',
    });
  });

  it.each(['Lisbon', 'Reykjavik', 'Ulan Bator', '東京', 'x'])(
    'answers sensible numbers for %s, always the same',
    async (city) => {
      const path = `/weather?city=${encodeURIComponent(city)}`;
      const { body } = await get<Weather>(path);
      expect(body.temperature).toBeGreaterThan(-40);
      expect(body.temperature).toBeLessThan(45);
      expect(body.humidity).toBeLessThanOrEqual(100);
      expect(body.condition).toEqual(expect.any(String));
      expect((await get<Weather>(path)).body).toEqual(body);
    },
  );

  it('answers in the units asked for', async () => {
    const metric = (await get<Weather>('/weather?city=Oslo')).body.temperature;
    const imperial = (await get<Weather>('/weather?city=Oslo&units=imperial')).body.temperature;
    expect(imperial).toBeCloseTo(metric * 1.8 + 32, 0);
  });

  it('forecasts as many days as asked, three by default, and a short forecast begins a long one', async () => {
    const week = (await get<Forecast>('/forecast?city=Oslo&days=7')).body.days;
    expect(week.map(({ day }) => day)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    for (const { low, high } of week) expect(low).toBeLessThan(high);
    expect((await get<Forecast>('/forecast?city=Oslo')).body.days).toEqual(week.slice(0, 3));
  });

  it.each([
    { path: '/weather?city=', status: 404 },
    { path: '/weather?city=nowhere', status: 404 },
    { path: '/forecast?city=%21%3F', status: 404 },
    { path: '/elsewhere', status: 404 },
    { path: '/weather', status: 400 },
    { path: '/weather?city=Oslo&units=kelvin', status: 400 },
    { path: '/forecast?city=Oslo&days=0', status: 400 },
    { path: '/forecast?city=Oslo&days=8', status: 400 },
    { path: '/forecast?city=Oslo&days=two', status: 400 },
  ])('answers $path with $status and problem details', async ({ path, status }) => {
    const answer = await get<{ status: number; detail: string }>(path);
    expect(answer).toMatchObject({ status, type: 'application/problem+json', body: { status } });
    expect(answer.body.detail).not.toBe('');
  });
});
