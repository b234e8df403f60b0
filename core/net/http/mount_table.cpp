#include "core/net/http/mount_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/net/http/target.h"

namespace sluis::net::http {
namespace {

bool covers(std::string_view prefix, std::string_view path) {
  if (prefix == "/") return true;
  return path.starts_with(prefix) && (path.size() == prefix.size() || path[prefix.size()] == '/');
}

}  // namespace

Status MountTable::add(std::uint64_t id, Mount mount) {
  const Result<std::string> decoded = decode_path(mount.prefix);
  if (!decoded || *decoded != mount.prefix || (mount.prefix.size() > 1 && mount.prefix.ends_with('/')))
    return Error{"http.mount", fmt::format("\"{}\" is no path for a mount: \"/name/name\", without a slash at the end",
                                           mount.prefix)};
  if (!mount.serve) return Error{"http.mount", fmt::format("nobody serves {}", mount.prefix)};
  mount.host = host_of(mount.host);
  const auto same = [&](const Entry& one) {
    return one.mount->prefix == mount.prefix && one.mount->host == mount.host;
  };
  if (std::any_of(entries_.begin(), entries_.end(), same))
    return Error{"http.mount", fmt::format("{}{} is taken already", mount.host, mount.prefix)};
  entries_.push_back({id, std::make_shared<const Mount>(std::move(mount))});
  std::stable_sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) {
    if (a.mount->host.empty() != b.mount->host.empty()) return b.mount->host.empty();
    return a.mount->prefix.size() > b.mount->prefix.size();
  });
  return {};
}

void MountTable::remove(std::uint64_t id) {
  std::erase_if(entries_, [id](const Entry& one) { return one.id == id; });
}

std::shared_ptr<const Mount> MountTable::find(std::string_view authority, std::string_view path) const {
  const std::string host = host_of(authority);
  for (const Entry& one : entries_)
    if ((one.mount->host.empty() || one.mount->host == host) && covers(one.mount->prefix, path)) return one.mount;
  return nullptr;
}

}  // namespace sluis::net::http
