"""Makes what `made.rs` expects, with the OpenTelemetry SDK's public API, and exports it to where the environment says.

The exporters read endpoint, headers, compression and temporality from the environment by themselves. The protocol is
a choice among packages.
"""

import os
import sys

from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.metrics import CallbackOptions, Observation
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.metrics.view import ExponentialBucketHistogramAggregation, View
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Link, SpanKind, Status, StatusCode

protocol = os.environ["OTEL_EXPORTER_OTLP_PROTOCOL"]
if protocol == "grpc":
    from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter
    from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
elif protocol == "http/protobuf":
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
elif protocol == "http/json":
    from opentelemetry.exporter.otlp.json.http._log_exporter import OTLPLogExporter
    from opentelemetry.exporter.otlp.json.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.json.http.trace_exporter import OTLPSpanExporter
else:
    sys.exit(f"there is no exporter for {protocol}")

# No double holds the integers beside it.
LARGE = 2**53 + 2

ATTRIBUTES = {
    "text": 'Grüße "世界"\n',
    "empty": "",
    "int": -5,
    "int.large": LARGE,
    "int.max": 2**63 - 1,
    "double": 0.1,
    "double.whole": 3.0,
    "double.tiny": 5e-324,
    "double.huge": sys.float_info.max,
    "yes": True,
    "no": False,
    "texts": ["a", ""],
    "ints": [1, LARGE],
    "doubles": [0.5, 1.5],
    "bools": [True, False],
    "none": [],
}


def make_spans_and_records(tracers: TracerProvider, loggers: LoggerProvider, meters: MeterProvider) -> None:
    tracer = tracers.get_tracer("sender")
    logger = loggers.get_logger("sender")
    earlier = tracer.start_span("earlier")
    earlier.end()
    with tracer.start_as_current_span("server", kind=SpanKind.SERVER, attributes=ATTRIBUTES):
        make_metrics(meters)
        links = [Link(earlier.get_span_context(), {"why": "before"})]
        with tracer.start_as_current_span("client", kind=SpanKind.CLIENT, links=links) as client:
            client.add_event("half way", {"percent": 50})
            client.record_exception(OSError("it broke"))
            client.set_status(Status(StatusCode.ERROR, "it broke"))
            logger.emit(
                LogRecord(
                    event_name="sender.event",
                    severity_number=SeverityNumber.INFO,
                    severity_text="INFO",
                    body="inside of a span",
                    attributes={"int.large": LARGE},
                )
            )
        tracer.start_span("producer", kind=SpanKind.PRODUCER).end()
        tracer.start_span("consumer", kind=SpanKind.CONSUMER).end()
        with tracer.start_as_current_span("internal") as internal:
            internal.set_status(StatusCode.OK)
    body = {
        "text": "two\nlines",
        "large": LARGE,
        "half": 0.5,
        "yes": True,
        "bytes": b"\x00\xff",
        "list": [1, "two", {"deep": "er"}],
    }
    logger.emit(LogRecord(severity_number=SeverityNumber.WARN, severity_text="WARN", body=body))


def make_metrics(meters: MeterProvider) -> None:
    meter = meters.get_meter("sender")
    requests = meter.create_counter("sender.requests", unit="{request}", description="Requests made")
    requests.add(3, {"kind": "good"})
    requests.add(4, {"kind": "good"})
    requests.add(1, {"kind": "bad"})
    seconds = meter.create_counter("sender.seconds")
    seconds.add(0.1)
    seconds.add(0.2)
    opened = meter.create_up_down_counter("sender.open")
    opened.add(5)
    opened.add(-7)
    duration = meter.create_histogram("sender.duration", unit="s", explicit_bucket_boundaries_advisory=[1.0, 10.0])
    for value in (0.25, 7.0, 5000.0):
        duration.record(value)
    sizes = meter.create_histogram("sender.sizes")
    for value in (0, 1, 2, 4, 4):
        sizes.record(value)
    level = meter.create_gauge("sender.level")
    level.set(1.5)
    level.set(-2.5)
    meter.create_observable_counter("sender.observed.count", [observing(LARGE)])
    meter.create_observable_up_down_counter("sender.observed.open", [observing(-4)])
    meter.create_observable_gauge("sender.observed.level", [observing(0.125)])


def observing(value: float):
    def observe(_: CallbackOptions) -> list[Observation]:
        return [Observation(value)]

    return observe


def main() -> None:
    tracers = TracerProvider()
    tracers.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    loggers = LoggerProvider()
    loggers.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter()))
    exponential = View(instrument_name="sender.sizes", aggregation=ExponentialBucketHistogramAggregation())
    meters = MeterProvider([PeriodicExportingMetricReader(OTLPMetricExporter())], views=[exponential])

    make_spans_and_records(tracers, loggers, meters)

    for provider in (tracers, meters, loggers):
        provider.shutdown()
    print("all is sent")


main()
