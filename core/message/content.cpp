#include "core/message/content.h"

#include <cassert>

#include <fmt/format.h>

namespace sluis {

Content Content::inline_of(std::string value) {
  assert(value.size() <= inline_content_limit);
  Content content;
  content.sha256 = sluis::sha256(value);
  content.size = value.size();
  content.bytes = std::make_shared<const std::string>(std::move(value));
  return content;
}

Result<std::string> ContentStore::read_all(const Content& content, std::uint64_t limit) {
  if (content.size > limit)
    return Error{"content.large", fmt::format("{} octets where at most {} are taken", content.size, limit)};
  auto reader = open(content);
  if (!reader) return reader.error();
  std::string out(content.size, '\0');
  std::size_t have = 0;
  for (;;) {
    char extra = 0;
    const std::span<char> into = have < out.size() ? std::span<char>(out).subspan(have) : std::span<char>(&extra, 1);
    const auto n = (*reader)->read(into);
    if (!n) return n.error();
    if (*n == 0) break;
    if (have == out.size()) return Error{"content.corrupt", "more octets than recorded"};
    have += *n;
  }
  if (have != out.size()) return Error{"content.corrupt", fmt::format("{} octets where {} were recorded", have, out.size())};
  return out;
}

}  // namespace sluis
