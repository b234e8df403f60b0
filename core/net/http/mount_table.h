// Which mount a request belongs to.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "core/net/http/handler.h"
#include "core/runtime/result.h"

namespace sluis::net::http {

// [Threading] a value; the mounts in it are immutable and shared with the requests that run.
class MountTable {
 public:
  struct Entry {
    std::uint64_t id;
    std::shared_ptr<const Mount> mount;
  };
  // [Errors] "http.mount"
  Status add(std::uint64_t id, Mount mount);
  void remove(std::uint64_t id);
  // By host first, then by the longest prefix of whole segments.
  [[nodiscard]] std::shared_ptr<const Mount> find(std::string_view authority, std::string_view path) const;

 private:
  std::vector<Entry> entries_;  // those of a host first, then longer prefixes before shorter
};

}  // namespace sluis::net::http
