// A part's bytes: small ones travel in memory until the commit, larger ones are streamed to the spool first, so that the
// size of a message is never the size of memory (DESIGN §3.3).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/runtime/digest.h"
#include "core/runtime/export.h"
#include "core/runtime/result.h"

namespace sluis {

// Bytes up to this size are inline; larger ones are a spool file.
inline constexpr std::uint64_t inline_content_limit = 64 * 1024;

// A handle on immutable bytes. Either `bytes` is set (inline, not stored yet) or `handle` names where the store keeps
// them; after a commit the store may set both. Copying copies the handle, never the bytes.
struct Content {
  Sha256 sha256{};
  std::uint64_t size = 0;
  std::string handle;                           // the store's own words; opaque to everyone else
  std::shared_ptr<const std::string> bytes;     // shared: the same immutable bytes may go to several deliveries

  // Inline content of up to inline_content_limit octets.
  // [Preconditions] value.size() <= inline_content_limit.
  SLUIS_CORE_API static Content inline_of(std::string value);
};

// Streams bytes in. Destroyed without finish(): nothing is left behind.
// [Threading] one thread at a time; blocks on the disk: never on an event loop for more than inline_content_limit.
class SLUIS_CORE_API ContentWriter {
 public:
  virtual ~ContentWriter() = default;
  // Error "store.full" or "store.io"; after an error the writer is finished with.
  virtual Status write(std::string_view bytes) = 0;
  // The file and its directory are fsynced when this returns; the bytes are deleted again unless an Accept names them.
  virtual Result<Content> finish() = 0;
};

// Streams bytes out, in order, once.
// [Threading] as ContentWriter.
class SLUIS_CORE_API ContentReader {
 public:
  virtual ~ContentReader() = default;
  // How many octets were read; 0 at the end. Error "content.corrupt" when the hash over all bytes is not the recorded one:
  // reported by the read that would return the end, so that whoever reads to the end knows.
  virtual Result<std::size_t> read(std::span<char> into) = 0;
};

// Where channels get writers and readers.
class SLUIS_CORE_API ContentStore {
 public:
  virtual ~ContentStore() = default;
  virtual std::unique_ptr<ContentWriter> write() = 0;
  virtual Result<std::unique_ptr<ContentReader>> open(const Content& content) = 0;
  // All bytes at once; Error "content.large" above `limit`.
  Result<std::string> read_all(const Content& content, std::uint64_t limit);
};

}  // namespace sluis
