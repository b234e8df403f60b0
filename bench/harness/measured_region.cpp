#include "bench/harness/measured_region.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>

namespace sluis::bench {

namespace {

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

double processor_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
}

double octets_written() {
  std::ifstream file("/proc/self/io");
  std::string name;
  double value = 0;
  while (file >> name >> value)
    if (name == "write_bytes:") return value;
  return 0;
}

template <class Clock>
double now() {
  return std::chrono::duration<double>(Clock::now().time_since_epoch()).count();
}

}  // namespace

MeasuredRegion::MeasuredRegion()
    : begun_at_(now<std::chrono::system_clock>()),
      mono_(now<std::chrono::steady_clock>()),
      cpu_(processor_seconds()),
      written_(octets_written()) {}

std::map<std::string, double> MeasuredRegion::finish() const {
  return {{"seconds", now<std::chrono::steady_clock>() - mono_},
          {"cpu_seconds", processor_seconds() - cpu_},
          {"write_bytes", octets_written() - written_},
          {"begun_at", begun_at_},
          {"ended_at", now<std::chrono::system_clock>()}};
}

void report(const std::map<std::string, double>& values) {
  std::string line;
  for (const auto& [name, value] : values)
    line += fmt::format("{}\"{}\": {:.16g}", line.empty() ? "" : ", ", name, value);
  fmt::print("{{{}}}\n", line);
}

double percentile(std::vector<double>& values, double share) {
  if (values.empty()) return 0;
  const auto at = static_cast<std::size_t>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(at), values.end());
  return values[at];
}

}  // namespace sluis::bench
