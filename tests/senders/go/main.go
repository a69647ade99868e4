// Makes what made.rs expects, with the OpenTelemetry SDK's public API, and exports it to where the environment says.
//
// The exporters read endpoint, headers, compression and temporality from the environment by themselves. The protocol is
// a choice among packages.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"math"
	"os"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploggrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploghttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	otellog "go.opentelemetry.io/otel/log"
	"go.opentelemetry.io/otel/metric"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// No double holds the integers beside it.
const large = 1<<53 + 2

var attributes = []attribute.KeyValue{
	attribute.String("text", "Grüße \"世界\"\n"),
	attribute.String("empty", ""),
	attribute.Int64("int", -5),
	attribute.Int64("int.large", large),
	attribute.Int64("int.max", math.MaxInt64),
	attribute.Float64("double", 0.1),
	attribute.Float64("double.whole", 3),
	attribute.Float64("double.tiny", 5e-324),
	attribute.Float64("double.huge", math.MaxFloat64),
	attribute.Bool("yes", true),
	attribute.Bool("no", false),
	attribute.StringSlice("texts", []string{"a", ""}),
	attribute.Int64Slice("ints", []int64{1, large}),
	attribute.Float64Slice("doubles", []float64{0.5, 1.5}),
	attribute.BoolSlice("bools", []bool{true, false}),
	attribute.StringSlice("none", []string{}),
}

func makeSpansAndRecords(tracer trace.Tracer, logger otellog.Logger, meter metric.Meter) {
	_, earlier := tracer.Start(context.Background(), "earlier")
	earlier.End()

	ctx, server := tracer.Start(context.Background(), "server",
		trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(attributes...))
	makeMetrics(ctx, meter)
	link := trace.Link{
		SpanContext: earlier.SpanContext(),
		Attributes:  []attribute.KeyValue{attribute.String("why", "before")},
	}
	inClient, client := tracer.Start(ctx, "client", trace.WithSpanKind(trace.SpanKindClient), trace.WithLinks(link))
	client.AddEvent("half way", trace.WithAttributes(attribute.Int("percent", 50)))
	client.RecordError(errors.New("it broke"))
	client.SetStatus(codes.Error, "it broke")
	var inside otellog.Record
	inside.SetEventName("sender.event")
	inside.SetSeverity(otellog.SeverityInfo)
	inside.SetSeverityText("INFO")
	inside.SetBody(attribute.StringValue("inside of a span"))
	inside.AddAttributes(attribute.Int64("int.large", large))
	logger.Emit(inClient, inside)
	client.End()
	_, producer := tracer.Start(ctx, "producer", trace.WithSpanKind(trace.SpanKindProducer))
	producer.End()
	_, consumer := tracer.Start(ctx, "consumer", trace.WithSpanKind(trace.SpanKindConsumer))
	consumer.End()
	_, internal := tracer.Start(ctx, "internal")
	internal.SetStatus(codes.Ok, "")
	internal.End()
	server.End()

	var outside otellog.Record
	outside.SetSeverity(otellog.SeverityWarn)
	outside.SetSeverityText("WARN")
	outside.SetBody(attribute.MapValue(
		attribute.String("text", "two\nlines"),
		attribute.Int64("large", large),
		attribute.Float64("half", 0.5),
		attribute.Bool("yes", true),
		attribute.ByteSlice("bytes", []byte{0, 255}),
		attribute.Slice("list",
			attribute.Int64Value(1), attribute.StringValue("two"), attribute.MapValue(attribute.String("deep", "er"))),
	))
	logger.Emit(context.Background(), outside)
}

func makeMetrics(ctx context.Context, meter metric.Meter) {
	good := metric.WithAttributes(attribute.String("kind", "good"))
	requests := must(meter.Int64Counter("sender.requests",
		metric.WithUnit("{request}"), metric.WithDescription("Requests made")))
	requests.Add(ctx, 3, good)
	requests.Add(ctx, 4, good)
	requests.Add(ctx, 1, metric.WithAttributes(attribute.String("kind", "bad")))
	seconds := must(meter.Float64Counter("sender.seconds"))
	seconds.Add(ctx, 0.1)
	seconds.Add(ctx, 0.2)
	open := must(meter.Int64UpDownCounter("sender.open"))
	open.Add(ctx, 5)
	open.Add(ctx, -7)
	duration := must(meter.Float64Histogram("sender.duration",
		metric.WithUnit("s"), metric.WithExplicitBucketBoundaries(1, 10)))
	for _, value := range []float64{0.25, 7, 5000} {
		duration.Record(ctx, value)
	}
	sizes := must(meter.Int64Histogram("sender.sizes"))
	for _, value := range []int64{0, 1, 2, 4, 4} {
		sizes.Record(ctx, value)
	}
	level := must(meter.Float64Gauge("sender.level"))
	level.Record(ctx, 1.5)
	level.Record(ctx, -2.5)
	must(meter.Int64ObservableCounter("sender.observed.count", observingInt(large)))
	must(meter.Int64ObservableUpDownCounter("sender.observed.open", observingInt(-4)))
	must(meter.Float64ObservableGauge("sender.observed.level",
		metric.WithFloat64Callback(func(_ context.Context, observer metric.Float64Observer) error {
			observer.Observe(0.125)
			return nil
		})))
}

func observingInt(value int64) metric.Int64ObservableOption {
	return metric.WithInt64Callback(func(_ context.Context, observer metric.Int64Observer) error {
		observer.Observe(value)
		return nil
	})
}

// exporters are those of the protocol that the environment names.
func exporters(ctx context.Context) (sdktrace.SpanExporter, sdkmetric.Exporter, sdklog.Exporter) {
	switch protocol := os.Getenv("OTEL_EXPORTER_OTLP_PROTOCOL"); protocol {
	case "grpc":
		return must(otlptracegrpc.New(ctx)), must(otlpmetricgrpc.New(ctx)), must(otlploggrpc.New(ctx))
	case "http/protobuf":
		return must(otlptracehttp.New(ctx)), must(otlpmetrichttp.New(ctx)), must(otlploghttp.New(ctx))
	default:
		log.Fatalf("there is no exporter for %q", protocol)
		return nil, nil, nil
	}
}

func main() {
	ctx := context.Background()
	spans, metrics, records := exporters(ctx)
	tracers := sdktrace.NewTracerProvider(sdktrace.WithBatcher(spans))
	exponential := sdkmetric.NewView(
		sdkmetric.Instrument{Name: "sender.sizes"},
		sdkmetric.Stream{Aggregation: sdkmetric.AggregationBase2ExponentialHistogram{MaxSize: 160, MaxScale: 20}})
	meters := sdkmetric.NewMeterProvider(
		sdkmetric.WithReader(sdkmetric.NewPeriodicReader(metrics)), sdkmetric.WithView(exponential))
	loggers := sdklog.NewLoggerProvider(sdklog.WithProcessor(sdklog.NewBatchProcessor(records)))

	makeSpansAndRecords(tracers.Tracer("sender"), loggers.Logger("sender"), meters.Meter("sender"))

	if err := errors.Join(tracers.Shutdown(ctx), meters.Shutdown(ctx), loggers.Shutdown(ctx)); err != nil {
		log.Fatal(err)
	}
	fmt.Println("all is sent")
}

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}
