// What a stretch of a program cost, by the kernel's own counters.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace sluis::bench {

// From construction to finish(): wall seconds, processor time of all threads (getrusage) and octets that were sent to
// the block layer (write_bytes of /proc/self/io). The wall-clock instants of both ends let a trace of system calls be
// cut to the region (harness/kernel.py).
class MeasuredRegion {
 public:
  MeasuredRegion();
  // "seconds", "cpu_seconds", "write_bytes", "begun_at", "ended_at".
  [[nodiscard]] std::map<std::string, double> finish() const;

 private:
  double begun_at_, mono_, cpu_, written_;
};

// What bench/run reads: one line of JSON on standard output.
void report(const std::map<std::string, double>& values);

// The value below which `share` of them lie; 0 when there are none. Sorts them.
[[nodiscard]] double percentile(std::vector<double>& values, double share);

}  // namespace sluis::bench
