#include "core/channel/customer.h"

#include "core/message/flow_pattern.h"

namespace sluis {

std::string_view to_string(Environment e) { return e == Environment::test ? "test" : "production"; }

const std::vector<std::string>& Customer::returns_for(std::string_view flow) const {
  const std::vector<std::string>* best = &return_channels;
  std::size_t longest = 0;
  for (const auto& [pattern, channels] : return_by_flow) {
    if (pattern == flow) return channels;
    if (matches_flow(pattern, flow) && pattern.size() > longest) {
      longest = pattern.size();
      best = &channels;
    }
  }
  return *best;
}

}  // namespace sluis
