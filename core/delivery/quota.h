// How much one customer may hand in: messages and octets an hour, and connections at once.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "core/channel/arrival.h"
#include "core/delivery/generation.h"

namespace sluis {

// Token buckets that hold an hour's amount and fill evenly: a customer that was silent may hand in an hour's worth at
// once. A message is taken while anything is left, so one that is larger than what is left passes and the next waits
// longer: no message is too large for ever. Volatile: after a restart every bucket is full.
// [Threading] any thread. [Errors] "intake.quota", temporary, with the time after which to come again.
class SLUIS_CORE_API IntakeQuotas {
 public:
  std::optional<Refusal> take(const std::string& customer, std::uint64_t octets, const Generation& generation,
                              MonoTime now);
  // A place among the customer's connections, given back when the last copy goes.
  Result<std::shared_ptr<void>> enter(const std::string& customer, const Generation& generation);

 private:
  struct Bucket {
    double used = 0;  // of an hour's amount
    MonoTime at{};
    Duration wait(std::int64_t an_hour, double needed, MonoTime now);
  };
  struct Used {
    Bucket messages, octets;
  };
  struct Places {
    std::mutex mutex;
    std::map<std::string, std::int64_t, std::less<>> open;
  };

  std::mutex mutex_;
  std::map<std::string, Used, std::less<>> customers_;
  std::shared_ptr<Places> places_ = std::make_shared<Places>();  // shared with what was given out
};

}  // namespace sluis
