#include "protocols/smtp/reply.h"

#include <algorithm>
#include <utility>

namespace sluis::smtp {

namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// status-code of RFC 3463 §2 at the front of `text`, which must be of the reply's own class; npos when there is none.
std::size_t enhanced_length(std::string_view text, char reply_class) {
  if (text.size() < 5 || text[0] != reply_class || (reply_class != '2' && reply_class != '4' && reply_class != '5'))
    return std::string_view::npos;
  std::size_t at = 1;
  for (int part = 0; part < 2; ++part) {
    if (at >= text.size() || text[at] != '.') return std::string_view::npos;
    const std::size_t start = ++at;
    while (at < text.size() && is_digit(text[at])) ++at;
    if (at == start || at - start > 3) return std::string_view::npos;
  }
  return at == text.size() || text[at] == ' ' ? at : std::string_view::npos;
}

// RFC 2034 §4: the same code stands on every line. When it does not, the text is left alone: it is not one code.
void lift_enhanced_code(Reply& reply) {
  const char reply_class = static_cast<char>('0' + reply.code / 100);
  std::string code;
  for (const std::string& line : reply.lines) {
    const std::size_t length = enhanced_length(line, reply_class);
    if (length == std::string_view::npos) return;
    if (code.empty()) code = line.substr(0, length);
    if (line.compare(0, length, code) != 0) return;
  }
  for (std::string& line : reply.lines) line.erase(0, std::min(line.size(), code.size() + 1));
  reply.enhanced = std::move(code);
}

std::string harmless(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c < ' ' || c > '~') c = c == '\t' ? ' ' : '?';
  return out;
}

}  // namespace

Reply::Reply(int code_, std::string_view enhanced_, std::string_view text) : code(code_), enhanced(enhanced_) {
  lines.emplace_back(text);
}

std::string Reply::text() const {
  std::string out;
  for (const std::string& line : lines) {
    if (!out.empty()) out += ' ';
    out += harmless(line);
  }
  return out;
}

std::string Reply::summary() const {
  std::string out = std::to_string(code);
  if (!enhanced.empty()) out += " " + enhanced;
  return out + " " + text();
}

std::string write_reply(const Reply& reply) {
  const std::string code = std::to_string(reply.code);
  // "5.999.999" is the longest there is; what is longer is no code and does not go out.
  const std::string enhanced = reply.enhanced.empty() || reply.enhanced.size() > 9 ? "" : reply.enhanced + " ";
  const std::size_t room = 512 - 2 - code.size() - 1 - enhanced.size();
  std::vector<std::string> lines;
  for (const std::string& line : reply.lines) {
    const std::string text = harmless(line);
    std::size_t at = 0;
    do {
      lines.push_back(text.substr(at, room));
      at += room;
    } while (at < text.size());
  }
  if (lines.empty()) lines.emplace_back();
  std::string out;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    out += code;
    out += i + 1 < lines.size() ? '-' : ' ';
    out += enhanced;
    out += lines[i];
    out += "\r\n";
  }
  return out;
}

Status ReplyReader::take_line(std::string_view line) {
  const Error bad{"smtp.reply.syntax", "a reply line that is not a three-digit code and text (RFC 5321 §4.2)"};
  if (line.size() < 3 || line[0] < '2' || line[0] > '5' || !is_digit(line[1]) || !is_digit(line[2])) return bad;
  if (line.size() > 3 && line[3] != ' ' && line[3] != '-') return bad;
  const int code = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
  if (!reply_.lines.empty() && code != reply_.code)
    return Error{"smtp.reply.syntax", "the code changes inside one reply (RFC 5321 §4.2.1)"};
  reply_.code = code;
  last_ = line.size() == 3 || line[3] == ' ';
  reply_.lines.emplace_back(line.size() > 4 ? line.substr(4) : std::string_view{});
  return {};
}

Result<std::optional<Reply>> ReplyReader::next(std::string_view& input) {
  while (!input.empty()) {
    auto line = lines_.next(input);
    if (!line) return line.error();
    if (!line->has_value()) break;
    total_ += (*line)->size() + 2;
    if (total_ > limits_.total)
      return Error{"smtp.reply.size", "a reply longer than " + std::to_string(limits_.total) + " octets"};
    if (const Status taken = take_line(**line); !taken) return taken.error();
    if (!last_) continue;
    total_ = 0;
    lift_enhanced_code(reply_);
    return std::optional{std::exchange(reply_, {})};
  }
  return std::optional<Reply>{};
}

}  // namespace sluis::smtp
