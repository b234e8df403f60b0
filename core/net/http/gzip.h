// gzip (RFC 1952) as a stream, both ways, with caps on what comes out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/runtime/export.h"
#include "core/runtime/result.h"

namespace sluis::net::http {

struct InflateLimits {
  std::uint64_t size = 64 * 1024 * 1024;  // octets that may come out
  // Octets out for one octet in. DEFLATE reaches 1032 at most; XML of the trade reaches 20 to 60. Judged from
  // `ratio_from` octets on: a small repetitive message is no attack.
  std::uint64_t ratio = 200;
  std::uint64_t ratio_from = 1024 * 1024;
};

// Octets in, pieces of at most 64 KiB out, so that a bomb costs one piece and not the memory. Several members in a row
// are one stream (RFC 1952 §2.2).
// [Threading] one thread at a time. [Errors] "http.gzip" damaged or cut off; "http.gzip-size", "http.gzip-ratio". After
// an error nothing more comes.
class SLUIS_CORE_API Inflater {
 public:
  explicit Inflater(const InflateLimits& limits = {});
  ~Inflater();
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  // What next() reads from. Must stay valid until next() has returned an empty piece. [Preconditions] the one before is
  // used up.
  void feed(std::string_view compressed);
  // The next piece; empty: all that was fed is used up. Valid until the next call.
  Result<std::string_view> next();
  // At the end of the input: everything was complete and its checksums hold.
  Status finish() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// [Threading] one thread at a time. Errors do not exist: zlib's deflate fails on broken arguments only.
class SLUIS_CORE_API Deflater {
 public:
  Deflater();
  ~Deflater();
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;
  // Appends what is ready. `flush`: everything so far, so that the peer can read it now.
  void deflate(std::string_view plain, std::string& out, bool flush = false);
  void finish(std::string& out);

 private:
  void run(std::string_view plain, std::string& out, int mode);
  struct State;
  std::unique_ptr<State> state_;
};

[[nodiscard]] SLUIS_CORE_API std::string gzip(std::string_view plain);
[[nodiscard]] SLUIS_CORE_API Result<std::string> gunzip(std::string_view compressed, const InflateLimits& limits = {});

}  // namespace sluis::net::http
