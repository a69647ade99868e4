// Makes what `made.rs` expects, with the OpenTelemetry SDK's public API, and exports it to where the environment says.
//
// NodeSDK reads everything from the environment by itself, the protocol as well.
'use strict';

const { SpanKind, SpanStatusCode, ValueType, context, metrics, trace } = require('@opentelemetry/api');
const { SeverityNumber, logs } = require('@opentelemetry/api-logs');
const { NodeSDK } = require('@opentelemetry/sdk-node');
const { AggregationType } = require('@opentelemetry/sdk-metrics');

// No double holds the integers beside it.
const LARGE = 2 ** 53 + 2;

// A number without a fraction is sent as an integer, 3.0 as well. There is no type for the integers above 2^53 that are
// no doubles.
const ATTRIBUTES = {
  'text': 'Grüße "世界"\n',
  'empty': '',
  'int': -5,
  'int.large': LARGE,
  'double': 0.1,
  'double.tiny': 5e-324,
  'yes': true,
  'no': false,
  'texts': ['a', ''],
  'ints': [1, LARGE],
  'doubles': [0.5, 1.5],
  'bools': [true, false],
  'none': [],
};

function makeSpansAndRecords() {
  const tracer = trace.getTracer('sender');
  const logger = logs.getLogger('sender');
  const earlier = tracer.startSpan('earlier');
  earlier.end();

  const server = tracer.startSpan('server', { kind: SpanKind.SERVER, attributes: ATTRIBUTES });
  const inServer = trace.setSpan(context.active(), server);
  context.with(inServer, makeMetrics);
  const links = [{ context: earlier.spanContext(), attributes: { why: 'before' } }];
  const client = tracer.startSpan('client', { kind: SpanKind.CLIENT, links }, inServer);
  client.addEvent('half way', { percent: 50 });
  client.recordException(new Error('it broke'));
  client.setStatus({ code: SpanStatusCode.ERROR, message: 'it broke' });
  logger.emit({
    eventName: 'sender.event',
    severityNumber: SeverityNumber.INFO,
    severityText: 'INFO',
    body: 'inside of a span',
    attributes: { 'int.large': LARGE },
    context: trace.setSpan(inServer, client),
  });
  client.end();
  tracer.startSpan('producer', { kind: SpanKind.PRODUCER }, inServer).end();
  tracer.startSpan('consumer', { kind: SpanKind.CONSUMER }, inServer).end();
  const internal = tracer.startSpan('internal', {}, inServer);
  internal.setStatus({ code: SpanStatusCode.OK });
  internal.end();
  server.end();

  logger.emit({
    severityNumber: SeverityNumber.WARN,
    severityText: 'WARN',
    body: {
      text: 'two\nlines',
      large: LARGE,
      half: 0.5,
      yes: true,
      bytes: new Uint8Array([0, 255]),
      list: [1, 'two', { deep: 'er' }],
    },
  });
}

function makeMetrics() {
  const meter = metrics.getMeter('sender');
  const int = { valueType: ValueType.INT };
  const requests = meter.createCounter('sender.requests', { ...int, unit: '{request}', description: 'Requests made' });
  requests.add(3, { kind: 'good' });
  requests.add(4, { kind: 'good' });
  requests.add(1, { kind: 'bad' });
  const seconds = meter.createCounter('sender.seconds');
  seconds.add(0.1);
  seconds.add(0.2);
  const open = meter.createUpDownCounter('sender.open', int);
  open.add(5);
  open.add(-7);
  const duration = meter.createHistogram('sender.duration', {
    unit: 's',
    advice: { explicitBucketBoundaries: [1, 10] },
  });
  for (const value of [0.25, 7, 5000]) {
    duration.record(value);
  }
  const sizes = meter.createHistogram('sender.sizes');
  for (const value of [0, 1, 2, 4, 4]) {
    sizes.record(value);
  }
  const level = meter.createGauge('sender.level');
  level.record(1.5);
  level.record(-2.5);
  meter.createObservableCounter('sender.observed.count', int).addCallback((result) => result.observe(LARGE));
  meter.createObservableUpDownCounter('sender.observed.open', int).addCallback((result) => result.observe(-4));
  meter.createObservableGauge('sender.observed.level').addCallback((result) => result.observe(0.125));
}

async function main() {
  const exponential = { instrumentName: 'sender.sizes', aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM } };
  const sdk = new NodeSDK({ views: [exponential] });
  sdk.start();
  makeSpansAndRecords();
  await sdk.shutdown();
  console.log('all is sent');
}

main();
