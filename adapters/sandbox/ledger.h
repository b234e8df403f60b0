// What the other side has seen and done, one JSON object a line, never changed: the proof that tests compare with what
// a gateway claims.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string_view>

#include "core/net/file_descriptor.h"
#include "core/runtime/clock.h"
#include "core/runtime/result.h"

namespace sluis::sandbox {

using Event = nlohmann::ordered_json;

// `ledger.jsonl` in a folder of state. Every line has "at" and "event".
// [Threading] any thread, but append() blocks: pool threads. Writers that wait together share one sync.
// [Durability] when append() returns ok the line is on the disk. After one failed sync every append fails: what an
// fsync error leaves behind is unknown (DESIGN §3.3). A torn last line, which a crash may leave, was never acknowledged
// and is cut off by open(). [Errors] "sandbox.disk", "sandbox.ledger" (a line that is no JSON object: not our file).
class Ledger {
 public:
  // `each` is called for every line there is.
  static Result<std::unique_ptr<Ledger>> open(const std::filesystem::path& folder, const Clock& clock,
                                              const std::function<void(const Event&)>& each = {});

  Status append(std::string_view event, Event fields);

 private:
  Ledger(const Clock& clock, std::filesystem::path file, net::FileDescriptor fd)
      : clock_(clock), file_(std::move(file)), fd_(std::move(fd)) {}

  const Clock& clock_;
  const std::filesystem::path file_;
  const net::FileDescriptor fd_;
  std::mutex mutex_;
  std::condition_variable synced_changed_;
  std::uint64_t written_ = 0;
  std::uint64_t synced_ = 0;
  bool syncing_ = false;
  bool failed_ = false;
};

}  // namespace sluis::sandbox
