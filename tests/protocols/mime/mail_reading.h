// What the MIME tests share: a handler that writes down what it is told, and ways to cut a mail into pieces.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "protocols/mime/parser.h"

namespace sluis::mime::test {

inline constexpr std::string_view top = "Date: Thu, 01 Jan 2026 00:00:00 +0000\r\nFrom: a@example.nl\r\n";

// "1 text/plain [hello]" a leaf, "1 multipart/mixed" a composite; in order of their beginning.
class Recorder final : public EntityHandler {
 public:
  Status begin_entity(const EntityInfo& info, const Headers&) override {
    infos.push_back(info);
    bodies.emplace_back();
    open_.push_back(infos.size() - 1);
    return {};
  }
  Status body(std::string_view decoded) override {
    bodies[open_.back()] += decoded;
    return {};
  }
  Status end_entity(const EntityInfo& info) override {
    balanced = balanced && infos[open_.back()].path == info.path;
    open_.pop_back();
    ++ended;
    return {};
  }
  [[nodiscard]] std::vector<std::string> story() const {
    std::vector<std::string> out;
    for (std::size_t i = 0; i < infos.size(); ++i)
      out.push_back(infos[i].path + " " + infos[i].type.name() + (infos[i].composite ? "" : " [" + bodies[i] + "]"));
    return out;
  }

  std::vector<EntityInfo> infos;
  std::vector<std::string> bodies;
  std::size_t ended = 0;
  bool balanced = true;

 private:
  std::vector<std::size_t> open_;
};

struct Outcome {
  std::vector<std::string> story;
  std::string error;  // its code
  Findings findings;
};

// Reads `mail` in pieces of `step` octets.
inline Outcome read(std::string_view mail, Tolerances tolerances = {}, Limits limits = {}, std::size_t step = 1 << 20) {
  Recorder recorder;
  Parser parser(recorder, limits, tolerances);
  Outcome out;
  for (std::size_t at = 0; at < mail.size() && out.error.empty(); at += step)
    if (Status s = parser.feed(mail.substr(at, step)); !s) out.error = s.error().code;
  auto findings = parser.finish();
  if (!findings) out.error = findings.error().code;
  if (findings) out.findings = *findings;
  out.story = recorder.story();
  return out;
}

inline std::string mail(std::string_view rest) {
  return std::string(top) + std::string(rest);
}

// A multipart/mixed mail with boundary "b" and these octets behind the empty line.
inline std::string mixed(std::string_view body) {
  return mail("MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" + std::string(body));
}

inline std::string repeated(std::string_view text, std::size_t times) {
  std::string out;
  out.reserve(text.size() * times);
  for (std::size_t i = 0; i < times; ++i) out += text;
  return out;
}

}  // namespace sluis::mime::test
