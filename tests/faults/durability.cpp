#include "tests/faults/durability.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <stdexcept>

namespace sluis::faults {

namespace {

std::string folder_of(const std::string& path) {
  return path.substr(0, path.rfind('/'));
}

void apply_part(std::string& to, std::uint64_t offset, std::string_view bytes) {
  if (to.size() < offset + bytes.size()) to.resize(offset + bytes.size(), '\0');
  std::copy(bytes.begin(), bytes.end(), to.begin() + static_cast<std::ptrdiff_t>(offset));
}

std::uint64_t size_after(std::uint64_t before, const Durability::Change& change) {
  return change.cuts ? change.offset : std::max<std::uint64_t>(before, change.offset + change.bytes.size());
}

// How the kernel got on with what was not synced.
enum class Writeback { nothing, everything, the_first, anything };

std::string survivor(const Durability::Node& node, Writeback how, std::uint64_t sector, Random& random) {
  const std::size_t n = node.pending.size();
  // How many of the changes each sector has seen, and of which the size is.
  std::size_t all = how == Writeback::everything ? n : 0;
  if (how == Writeback::the_first) all = static_cast<std::size_t>(random.below(n + 1));
  std::map<std::uint64_t, std::size_t> seen;
  const auto seen_by = [&](std::uint64_t place) {
    if (how != Writeback::anything) return all;
    const auto [at, added] = seen.try_emplace(place, 0);
    if (added) at->second = static_cast<std::size_t>(random.below(n + 1));
    return at->second;
  };
  const std::size_t sized = how == Writeback::anything ? static_cast<std::size_t>(random.below(n + 1)) : all;

  std::string bytes = node.durable;
  std::uint64_t size = node.durable.size(), final_size = size;
  for (std::size_t i = 0; i < n; ++i) {
    const Durability::Change& change = node.pending[i];
    const std::uint64_t end =
        change.cuts ? std::max<std::uint64_t>(bytes.size(), change.offset) : change.offset + change.bytes.size();
    for (std::uint64_t at = change.offset; at < end;) {
      const std::uint64_t next = std::min(end, (at / sector + 1) * sector);
      if (i < seen_by(at / sector)) {
        if (change.cuts)
          apply_part(bytes, at, std::string(next - at, '\0'));
        else
          apply_part(bytes, at, std::string_view{change.bytes}.substr(at - change.offset, next - at));
      }
      at = next;
    }
    size = size_after(size, change);
    if (i < sized) final_size = size;
  }
  bytes.resize(final_size, '\0');
  return bytes;
}

Writeback drawn(Random& random) {
  return static_cast<Writeback>(random.below(4));
}

std::uint64_t drawn_sector(Random& random) {
  return random.below(2) == 0 ? 512 : 4096;
}

}  // namespace

Durability::Durability(std::string root) : root_(std::move(root)) {
  load();
}

void Durability::load() {
  live_.clear();
  pending_.clear();
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root_)) {
    auto node = std::make_shared<Node>();
    node->folder = entry.is_directory();
    if (!node->folder) {
      node->durable.resize(entry.file_size());
      std::ifstream in(entry.path(), std::ios::binary);
      in.read(node->durable.data(), static_cast<std::streamsize>(node->durable.size()));
      node->size = node->durable.size();
    }
    live_.emplace(entry.path().string(), std::move(node));
  }
  durable_ = live_;
}

bool Durability::follows(std::string_view path) const {
  return path.size() > root_.size() && path.starts_with(root_) && path[root_.size()] == '/';
}

Durability::NodeRef Durability::find(const std::string& path) const {
  const auto at = live_.find(path);
  return at == live_.end() ? nullptr : at->second;
}

Durability::NodeRef Durability::create(const std::string& path, bool folder) {
  auto node = std::make_shared<Node>();
  node->folder = folder;
  live_[path] = node;
  pending_.push_back({path, node, 0});
  return node;
}

void Durability::rename(const std::string& from, const std::string& to) {
  const auto at = live_.find(from);
  if (at == live_.end()) throw std::logic_error("a file that is not followed is renamed: " + from);
  const NodeRef node = at->second;
  live_.erase(at);
  live_[to] = node;
  pending_.push_back({to, node, ++pairs_});
  pending_.push_back({from, nullptr, pairs_});
}

void Durability::remove(const std::string& path) {
  if (live_.erase(path) > 0) pending_.push_back({path, nullptr, 0});
}

// Takes change `at` over into `names`; before a name goes by renaming, the new one is there.
void Durability::apply(Names& names, std::vector<NameChange>& changes, std::size_t at) {
  const NameChange change = changes[at];
  if (change.pair != 0 && !change.node)
    for (const NameChange& other : changes)
      if (other.pair == change.pair && other.node) names[other.path] = other.node;
  if (change.node)
    names[change.path] = change.node;
  else
    names.erase(change.path);
}

void Durability::sync_names(const std::string& folder) {
  std::vector<NameChange> left;
  for (std::size_t i = 0; i < pending_.size(); ++i) {
    if (folder_of(pending_[i].path) == folder)
      apply(durable_, pending_, i);
    else
      left.push_back(pending_[i]);
  }
  pending_ = std::move(left);
}

void Durability::write(Node& node, std::uint64_t offset, std::string_view bytes) {
  node.pending.push_back({offset, std::string(bytes), false});
  node.size = size_after(node.size, node.pending.back());
}

void Durability::cut_off(Node& node, std::uint64_t size) {
  node.pending.push_back({size, {}, true});
  node.size = size;
}

void Durability::sync(Node& node) {
  for (const Change& change : node.pending) {
    if (change.cuts)
      node.durable.resize(change.offset, '\0');
    else
      apply_part(node.durable, change.offset, change.bytes);
  }
  node.pending.clear();
}

void Durability::lose(Node& node, Random& random) {
  node.durable = survivor(node, drawn(random), drawn_sector(random), random);
  node.pending.clear();
}

std::uint64_t Durability::octets() const {
  std::uint64_t all = 0;
  for (const auto& [path, node] : live_) all += node->size;
  return all;
}

void Durability::cut(Random& random) {
  const std::uint64_t sector = drawn_sector(random);
  Names names = durable_;
  const Writeback of_names = drawn(random);
  const std::size_t first = static_cast<std::size_t>(random.below(pending_.size() + 1));
  for (std::size_t i = 0; i < pending_.size(); ++i) {
    const bool kept = of_names == Writeback::everything || (of_names == Writeback::the_first && i < first) ||
                      (of_names == Writeback::anything && random.below(2) == 0);
    if (kept) apply(names, pending_, i);
  }
  std::filesystem::remove_all(root_);
  std::filesystem::create_directory(root_);
  // In order of their paths a folder comes before what is in it; what is in a folder without a name is gone with it.
  for (const auto& [path, node] : names) {
    if (!std::filesystem::is_directory(folder_of(path))) continue;
    if (node->folder) {
      std::filesystem::create_directory(path);
      continue;
    }
    const std::string bytes = survivor(*node, drawn(random), sector, random);
    std::ofstream out(path, std::ios::binary);
    out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    if (!out.flush()) throw std::runtime_error("cannot write " + path);
  }
  load();
}

}  // namespace sluis::faults
