#include "store/sqlite/spool.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <filesystem>

namespace sluis::sqlite {

namespace {

constexpr std::string_view handle_prefix = "spool:";
constexpr std::uint64_t room_every = 1ULL << 20U;  // octets written between two looks at the free space

class MemoryReader final : public ContentReader {
 public:
  MemoryReader(std::shared_ptr<const std::string> bytes, const Sha256& expected)
      : bytes_(std::move(bytes)), expected_(expected) {}
  Result<std::size_t> read(std::span<char> into) override {
    const std::size_t count = std::min(into.size(), bytes_->size() - at_);
    if (count == 0 && !into.empty() && sha256(*bytes_) != expected_)
      return Error{"content.corrupt", "the content's hash is not the recorded one"};
    std::memcpy(into.data(), bytes_->data() + at_, count);
    at_ += count;
    return count;
  }

 private:
  std::shared_ptr<const std::string> bytes_;  // shared: as Content has them
  Sha256 expected_;
  std::size_t at_ = 0;
};

class SpoolReader final : public ContentReader {
 public:
  SpoolReader(File file, std::string path, const Content& content)
      : file_(std::move(file)), path_(std::move(path)), expected_(content.sha256) {}
  Result<std::size_t> read(std::span<char> into) override {
    auto got = read_at(file_, into, at_, path_);
    if (!got.ok()) return got;
    hash_.update({into.data(), got.value()});
    at_ += got.value();
    if (got.value() == 0 && !into.empty()) {
      if (!ended_) {
        ended_ = true;
        whole_ = hash_.finish() == expected_;
        hash_ = Sha256Stream{};
      }
      if (!whole_) return Error{"content.corrupt", path_ + ": the content's hash is not the recorded one"};
    }
    return got;
  }

 private:
  File file_;
  std::string path_;
  Sha256 expected_;
  Sha256Stream hash_;
  std::uint64_t at_ = 0;
  bool ended_ = false, whole_ = false;
};

}  // namespace

// Small contents never touch the disk here: they travel to the Accept in memory and end in a segment.
class SpoolWriter final : public ContentWriter {
 public:
  explicit SpoolWriter(Spool& spool) : spool_(spool) {}
  ~SpoolWriter() override {
    if (file_) spool_.disk_.remove(unfinished_.c_str());
  }

  Status write(std::string_view bytes) override {
    if (failed_) return Error{"store.io", "the content writer has failed before"};
    failed_ = true;
    if (!file_ && buffer_.size() + bytes.size() <= inline_content_limit) {
      buffer_ += bytes;
      failed_ = false;
      return {};
    }
    if (!file_) {
      if (auto begun = begin(); !begun.ok()) return begun;
    }
    if (auto wrote = put(bytes); !wrote.ok()) return wrote;
    failed_ = false;
    return {};
  }

  Result<Content> finish() override {
    if (failed_) return Error{"store.io", "the content writer has failed before"};
    failed_ = true;  // finished with, either way
    if (!file_) return Content::inline_of(std::move(buffer_));
    if (auto synced = sync_file(spool_.disk_, file_, unfinished_); !synced.ok()) return told(synced.error());
    const std::string path = spool_.path(id_);
    const std::string folder = path.substr(0, path.rfind('/'));
    if (auto made = make_folder(spool_.disk_, folder); !made.ok()) return made.error();
    if (auto named = rename_file(spool_.disk_, unfinished_, path); !named.ok()) return named.error();
    file_ = File{};
    // The folder may be new itself: its own name is made durable too.
    for (const std::string& name : {folder, spool_.folder_})
      if (auto synced = sync_folder(spool_.disk_, name); !synced.ok()) {
        spool_.disk_.remove(path.c_str());
        return told(synced.error());
      }
    Content content;
    content.sha256 = hash_.finish();
    content.size = size_;
    content.handle = fmt::format("{}{}", handle_prefix, id_);
    return content;
  }

 private:
  Error told(const Error& error) {
    if (error.code == "store.fsync") spool_.watch_.sync_failed(error);
    return error;
  }
  Status begin() {
    if (auto room = spool_.watch_.room(); !room.ok()) return room;
    id_ = spool_.ids_.next().text();
    unfinished_ = spool_.folder_ + "/unfinished/" + id_;
    auto opened = open_file(spool_.disk_, unfinished_, O_WRONLY | O_CREAT | O_EXCL);
    if (!opened.ok()) return opened.error();
    file_ = std::move(opened).value();
    auto wrote = put(buffer_);
    buffer_ = {};
    return wrote;
  }
  Status put(std::string_view bytes) {
    if ((size_ + bytes.size()) / room_every != size_ / room_every)
      if (auto room = spool_.watch_.room(); !room.ok()) return room;
    if (auto wrote = write_at(spool_.disk_, file_, bytes, size_, unfinished_); !wrote.ok()) return wrote;
    hash_.update(bytes);
    size_ += bytes.size();
    return {};
  }

  Spool& spool_;
  std::string buffer_;
  std::string id_, unfinished_;
  File file_;
  Sha256Stream hash_;
  std::uint64_t size_ = 0;
  bool failed_ = false;
};

std::string Spool::path(const std::string& id) const {
  return fmt::format("{}/{}/{}", folder_, id.substr(id.size() - 2), id);
}

Status Spool::open(const std::function<bool(const std::string&)>& known) {
  if (auto made = make_folder(disk_, folder_); !made.ok()) return made;
  if (auto made = make_folder(disk_, folder_ + "/unfinished"); !made.ok()) return made;
  std::error_code error;
  for (const auto& folder : std::filesystem::directory_iterator(folder_, error)) {
    if (!folder.is_directory(error)) continue;
    const bool unfinished = folder.path().filename() == "unfinished";
    std::error_code inner;
    for (const auto& file : std::filesystem::directory_iterator(folder.path(), inner))
      if (unfinished || !known(file.path().filename().string())) disk_.remove(file.path().c_str());
  }
  if (error) return Error{"store.io", fmt::format("cannot list {}: {}", folder_, error.message())};
  return {};
}

std::unique_ptr<ContentWriter> Spool::write() {
  return std::make_unique<SpoolWriter>(*this);
}

Result<std::unique_ptr<ContentReader>> Spool::read(const std::string& id, const Content& content) const {
  auto opened = open_file(Disk::system(), path(id), O_RDONLY);
  if (!opened.ok()) return Error{"content.gone", opened.error().what};
  return std::unique_ptr<ContentReader>(std::make_unique<SpoolReader>(std::move(opened).value(), path(id), content));
}

void Spool::remove(const std::string& id) const {
  disk_.remove(path(id).c_str());
}

std::optional<std::string> Spool::id_in(std::string_view handle) {
  if (!handle.starts_with(handle_prefix)) return std::nullopt;
  handle.remove_prefix(handle_prefix.size());
  const auto id = Uuid::parse(handle);
  if (!id.ok()) return std::nullopt;
  return id.value().text();
}

std::unique_ptr<ContentReader> memory_reader(std::shared_ptr<const std::string> bytes, const Sha256& sha256) {
  return std::make_unique<MemoryReader>(std::move(bytes), sha256);
}

}  // namespace sluis::sqlite
