#include "core/runtime/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <map>
#include <mutex>

namespace sluis {

namespace {

class CounterImpl final : public Metrics::Counter {
 public:
  explicit CounterImpl(prometheus::Counter& c) : c_(c) {}
  void add(double by) override { c_.Increment(by); }
  [[nodiscard]] double value() const override { return c_.Value(); }

 private:
  prometheus::Counter& c_;
};

class GaugeImpl final : public Metrics::Gauge {
 public:
  explicit GaugeImpl(prometheus::Gauge& g) : g_(g) {}
  void set(double to) override { g_.Set(to); }
  void add(double by) override { g_.Increment(by); }
  [[nodiscard]] double value() const override { return g_.Value(); }

 private:
  prometheus::Gauge& g_;
};

class HistogramImpl final : public Metrics::Histogram {
 public:
  explicit HistogramImpl(prometheus::Histogram& h) : h_(h) {}
  void observe(double value) override { h_.Observe(value); }

 private:
  prometheus::Histogram& h_;
};

prometheus::Labels to_labels(const MetricLabels& labels) { return {labels.begin(), labels.end()}; }

std::string key_of(std::string_view name, const MetricLabels& labels) {
  std::string key(name);
  for (const auto& [label, value] : labels) key.append(1, '\0').append(label).append(1, '\0').append(value);
  return key;
}

}  // namespace

struct Metrics::State {
  prometheus::Registry registry;
  mutable std::mutex mutex;
  std::map<std::string, std::unique_ptr<Counter>> counters;
  std::map<std::string, std::unique_ptr<Gauge>> gauges;
  std::map<std::string, std::unique_ptr<Histogram>> histograms;
};

Metrics::Metrics() : state_(std::make_unique<State>()) {}
Metrics::~Metrics() = default;

Metrics::Counter& Metrics::counter(std::string_view name, std::string_view help, const MetricLabels& labels) {
  const std::lock_guard lock(state_->mutex);
  auto& slot = state_->counters[key_of(name, labels)];
  if (slot == nullptr)
    slot = std::make_unique<CounterImpl>(prometheus::BuildCounter().Name(std::string(name)).Help(std::string(help))
                                             .Register(state_->registry).Add(to_labels(labels)));
  return *slot;
}

Metrics::Gauge& Metrics::gauge(std::string_view name, std::string_view help, const MetricLabels& labels) {
  const std::lock_guard lock(state_->mutex);
  auto& slot = state_->gauges[key_of(name, labels)];
  if (slot == nullptr)
    slot = std::make_unique<GaugeImpl>(prometheus::BuildGauge().Name(std::string(name)).Help(std::string(help))
                                           .Register(state_->registry).Add(to_labels(labels)));
  return *slot;
}

Metrics::Histogram& Metrics::seconds(std::string_view name, std::string_view help, const MetricLabels& labels) {
  const std::lock_guard lock(state_->mutex);
  auto& slot = state_->histograms[key_of(name, labels)];
  if (slot == nullptr)
    slot = std::make_unique<HistogramImpl>(
        prometheus::BuildHistogram().Name(std::string(name)).Help(std::string(help)).Register(state_->registry)
            .Add(to_labels(labels), prometheus::Histogram::BucketBoundaries{0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100}));
  return *slot;
}

std::string Metrics::render() const {
  const prometheus::TextSerializer serializer;
  return serializer.Serialize(state_->registry.Collect());
}

}  // namespace sluis
