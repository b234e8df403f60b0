#include "adapters/http/part_stream.h"

#include <fmt/format.h>

#include <array>

#include "core/net/http/messages.h"
#include "core/runtime/base64.h"

namespace sluis::http {

namespace {

// RFC 8187 §3.2: everything but attr-char is escaped, so that no file name from outside writes header fields.
std::string extended_value(std::string_view text) {
  constexpr std::string_view plain = "!#$&+-.^_`|~";
  std::string out = "UTF-8''";
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    const bool alnum = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    if (alnum || plain.find(c) != std::string_view::npos)
      out += c;
    else
      out += fmt::format("%{:02X}", octet);
  }
  return out;
}

}  // namespace

void PartStream::send(const Message& message, std::size_t number, bool purged, ContentStore& store) {
  if (number == 0 || number > message.parts.size())
    return reply_->give(net::http::problem(404, "there is no such part", "part.unknown"));
  const Part& part = message.parts[number - 1];
  if (purged) return reply_->give(net::http::problem(410, "the content is no longer kept", "message.purged"));
  auto reader = store.open(part.content);
  if (!reader) {
    log_.error("http.content", "a part cannot be read",
               {{"message", message.id.text()}, {"reason", reader.error().what}});
    return reply_->give(net::http::problem(500, "the content cannot be read", reader.error().code));
  }
  net::http::ResponseHead head;
  head.headers.add("Content-Type", net::http::is_field_value(part.media_type) && !part.media_type.empty()
                                       ? part.media_type
                                       : "application/octet-stream");
  // It is somebody's file and never a page of this site.
  head.headers.add("X-Content-Type-Options", "nosniff");
  head.headers.add("Content-Disposition",
                   part.file_name.empty() ? "attachment" : "attachment; filename*=" + extended_value(part.file_name));
  const auto& digest = part.content.sha256;
  head.headers.add("Repr-Digest",
                   fmt::format("sha-256=:{}:", base64_encode({reinterpret_cast<const char*>(digest.data()),
                                                              digest.size()})));  // RFC 9530 §3
  head.headers.add("Cache-Control", "no-store");
  {
    const std::lock_guard lock(mutex_);
    reader_ = std::move(*reader);
    what_ = fmt::format("{} part {}", message.id.text(), number);
  }
  static_cast<void>(reply_->begin(std::move(head), part.content.size));
  pump();
}

void PartStream::pump() {
  const std::lock_guard lock(mutex_);
  if (reader_ == nullptr) return;
  std::array<char, 64 * 1024> buffer{};
  while (!gone_) {
    const auto n = reader_->read(buffer);
    if (!n) {
      log_.error("http.content", "a part cannot be read to its end", {{"message", what_}, {"reason", n.error().what}});
      reply_->responder().abort();
      break;
    }
    if (*n == 0) {
      reply_->responder().end();
      break;
    }
    if (!reply_->responder().write({buffer.data(), *n})) return;  // on_drained() goes on
  }
  reader_.reset();
}

void PartStream::on_drained() {
  if (!pool_->post([self = shared_from_this()] { self->pump(); })) reply_->responder().abort();
}

void PartStream::on_aborted(const Error&) {
  gone_ = true;
}

}  // namespace sluis::http
