#include "core/net/http/gzip.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <limits>
#include <new>

namespace sluis::net::http {
namespace {

constexpr std::size_t piece_size = 64 * 1024;
constexpr int gzip_window = 15 + 16;  // zlib.h: the largest window, gzip wrapping only

Bytef* bytes_of(std::string_view text) {
  return reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));  // zlib 1.2 does not write to next_in
}
uInt bounded(std::size_t size) {
  return static_cast<uInt>(std::min<std::size_t>(size, std::numeric_limits<uInt>::max()));
}

}  // namespace

struct Inflater::State {
  explicit State(const InflateLimits& all) : limits(all) {
    if (::inflateInit2(&stream, gzip_window) != Z_OK) throw std::bad_alloc();
  }
  ~State() { ::inflateEnd(&stream); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  z_stream stream{};
  const InflateLimits limits;
  std::string_view input;
  std::array<char, piece_size> piece;
  std::uint64_t in = 0;
  std::uint64_t out = 0;
  bool member_done = false;
  Status failed;
};

Inflater::Inflater(const InflateLimits& limits) : state_(std::make_unique<State>(limits)) {}
Inflater::~Inflater() = default;

void Inflater::feed(std::string_view compressed) {
  assert(state_->input.empty() || !state_->failed.ok());
  state_->input = compressed;
}

Result<std::string_view> Inflater::next() {
  State& s = *state_;
  if (!s.failed) return s.failed.error();
  const auto fail = [&s](std::string_view code, std::string_view why) {
    s.failed = Error{code, why};
    return s.failed.error();
  };
  for (;;) {
    if (s.member_done) {
      if (s.input.empty()) return std::string_view{};
      if (::inflateReset(&s.stream) != Z_OK) return fail("http.gzip", "gzip data that cannot be read");
      s.member_done = false;
    }
    s.stream.next_in = bytes_of(s.input);
    s.stream.avail_in = bounded(s.input.size());
    s.stream.next_out = reinterpret_cast<Bytef*>(s.piece.data());
    s.stream.avail_out = piece_size;
    const uInt offered = s.stream.avail_in;
    const int result = ::inflate(&s.stream, Z_NO_FLUSH);
    const std::size_t used = offered - s.stream.avail_in;
    const std::size_t made = piece_size - s.stream.avail_out;
    s.input.remove_prefix(used);
    s.in += used;
    s.out += made;
    if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
      return fail("http.gzip", fmt::format("gzip data that cannot be read{}{}", s.stream.msg == nullptr ? "" : ": ",
                                           s.stream.msg == nullptr ? "" : s.stream.msg));
    if (s.out > s.limits.size)
      return fail("http.gzip-size", fmt::format("gzip data that unfolds to more than {} octets", s.limits.size));
    if (s.out > s.limits.ratio_from && s.out / std::max<std::uint64_t>(s.in, 1) >= s.limits.ratio)
      return fail("http.gzip-ratio",
                  fmt::format("gzip data that unfolds to more than {} times its size", s.limits.ratio));
    s.member_done = result == Z_STREAM_END;
    if (made > 0) return std::string_view(s.piece.data(), made);
    if (s.input.empty()) return std::string_view{};
    if (used == 0 && !s.member_done) return fail("http.gzip", "gzip data that cannot be read");
  }
}

Status Inflater::finish() const {
  if (!state_->failed) return state_->failed;
  if (!state_->member_done) return Error{"http.gzip", "gzip data that is cut off"};
  return {};
}

struct Deflater::State {
  State() {
    if (::deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, gzip_window, 8, Z_DEFAULT_STRATEGY) != Z_OK)
      throw std::bad_alloc();
  }
  ~State() { ::deflateEnd(&stream); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  z_stream stream{};
};

Deflater::Deflater() : state_(std::make_unique<State>()) {}
Deflater::~Deflater() = default;

void Deflater::deflate(std::string_view plain, std::string& out, bool flush) {
  run(plain, out, flush ? Z_SYNC_FLUSH : Z_NO_FLUSH);
}

void Deflater::finish(std::string& out) {
  run({}, out, Z_FINISH);
}

void Deflater::run(std::string_view plain, std::string& out, int mode) {
  z_stream& stream = state_->stream;
  std::array<char, 16 * 1024> piece;
  do {
    const uInt offered = bounded(plain.size());
    stream.next_in = bytes_of(plain);
    stream.avail_in = offered;
    do {
      stream.next_out = reinterpret_cast<Bytef*>(piece.data());
      stream.avail_out = static_cast<uInt>(piece.size());
      [[maybe_unused]] const int result = ::deflate(&stream, mode);
      assert(result != Z_STREAM_ERROR);
      out.append(piece.data(), piece.size() - stream.avail_out);
    } while (stream.avail_out == 0);
    plain.remove_prefix(offered - stream.avail_in);
  } while (!plain.empty());
}

std::string gzip(std::string_view plain) {
  std::string out;
  Deflater deflater;
  deflater.deflate(plain, out);
  deflater.finish(out);
  return out;
}

Result<std::string> gunzip(std::string_view compressed, const InflateLimits& limits) {
  std::string out;
  Inflater inflater(limits);
  inflater.feed(compressed);
  for (;;) {
    Result<std::string_view> piece = inflater.next();
    if (!piece) return piece.error();
    if (piece->empty()) break;
    out += *piece;
  }
  if (Status whole = inflater.finish(); !whole) return whole.error();
  return out;
}

}  // namespace sluis::net::http
