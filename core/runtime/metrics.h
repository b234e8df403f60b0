// Counters, gauges and histograms, kept by prometheus-cpp and rendered by our own listener.
#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/runtime/export.h"

namespace sluis {

using MetricLabels = std::vector<std::pair<std::string, std::string>>;

// Names follow the Prometheus convention: sluis_<noun>_<unit>_total. Labels are few and bounded: channel, reason, state;
// never a customer's text.
// [Threading] any thread. A handle stays valid as long as the registry.
class SLUIS_CORE_API Metrics {
 public:
  class SLUIS_CORE_API Counter {
   public:
    virtual ~Counter() = default;
    virtual void add(double by = 1) = 0;
    [[nodiscard]] virtual double value() const = 0;
  };
  class SLUIS_CORE_API Gauge {
   public:
    virtual ~Gauge() = default;
    virtual void set(double to) = 0;
    virtual void add(double by) = 0;
    [[nodiscard]] virtual double value() const = 0;
  };
  class SLUIS_CORE_API Histogram {
   public:
    virtual ~Histogram() = default;
    virtual void observe(double value) = 0;
  };

  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // The same name and labels give the same handle.
  Counter& counter(std::string_view name, std::string_view help, const MetricLabels& labels = {});
  Gauge& gauge(std::string_view name, std::string_view help, const MetricLabels& labels = {});
  // Seconds, 1 ms to 100 s.
  Histogram& seconds(std::string_view name, std::string_view help, const MetricLabels& labels = {});

  // Prometheus text exposition format 0.0.4.
  [[nodiscard]] std::string render() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sluis
