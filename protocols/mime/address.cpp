#include "protocols/mime/address.h"

#include <algorithm>
#include <optional>

#include "protocols/mime/charset.h"
#include "protocols/mime/encoded_word.h"
#include "protocols/mime/lexical.h"

namespace sluis::mime {

namespace {

Error bad(std::string_view what) {
  return Error{"mime.address", std::string(what) + " (RFC 5322 §3.4)"};
}

bool is_dot_atom(std::string_view text) {
  if (text.empty() || text.front() == '.' || text.back() == '.' || text.find("..") != std::string_view::npos)
    return false;
  return std::all_of(text.begin(), text.end(), [](char c) { return c == '.' || is_atext(c); });
}

// Words as they come: atoms, dots and quoted strings, for a phrase or a local part; which of the two shows afterwards.
struct Words {
  std::string phrase;       // with single blanks between words
  std::string local_part;   // without any
  bool dotted_only = true;  // no two words without a dot between
  bool any = false;
};

Result<Words> read_words(Scanner& in) {
  Words out;
  bool last_was_word = false;
  for (;;) {
    if (!in.skip_cfws()) return bad("a comment is not closed");
    if (in.peek() == '.' && !in.at_end()) {
      in.advance();
      out.phrase += '.';
      out.local_part += '.';
      last_was_word = false;
      out.any = true;
      continue;
    }
    std::string word;
    if (in.peek() == '"') {
      auto quoted = in.quoted_string();
      if (!quoted) return bad("a quoted string is not closed");
      word = std::move(*quoted);
    } else {
      word = std::string(in.run(is_atext));
      if (word.empty()) return out;
    }
    if (last_was_word) out.dotted_only = false;
    if (last_was_word) out.phrase += ' ';
    out.phrase += word;
    out.local_part += word;
    last_was_word = out.any = true;
  }
}

Result<std::string> read_domain(Scanner& in) {
  if (!in.skip_cfws()) return bad("a comment is not closed");
  std::string domain;
  if (in.peek() == '[') {
    domain = std::string(in.run([](char c) { return c != ']' && !is_fws(c) && !is_control(c); }));
    if (!in.take(']')) return bad("an address literal is not closed");
    domain += ']';
  } else {
    domain = lower(in.run([](char c) { return c == '.' || is_atext(c); }));
    if (!is_dot_atom(domain)) return bad("no domain behind the @");
  }
  if (domain.size() > 255) return bad("a domain of more than 255 octets");
  if (!in.skip_cfws()) return bad("a comment is not closed");
  return domain;
}

Result<Mailbox> finish(Words words, Scanner& in) {
  if (!words.any || words.local_part.empty() || !words.dotted_only) return bad("no local part before the @");
  if (words.local_part.size() > 64) return bad("a local part of more than 64 octets");
  if (std::any_of(words.local_part.begin(), words.local_part.end(), is_control))
    return bad("control characters in a local part");
  auto domain = read_domain(in);
  if (!domain) return domain.error();
  return Mailbox{"", std::move(words.local_part), std::move(*domain)};
}

Result<Mailbox> read_angle(Scanner& in) {
  if (!in.skip_cfws()) return bad("a comment is not closed");
  if (in.peek() == '@') return bad("a source route");
  auto words = read_words(in);
  if (!words) return words.error();
  if (!in.take('@')) return bad("no @ between < and >");
  auto mailbox = finish(std::move(*words), in);
  if (mailbox && !in.take('>')) return bad("no > behind the address");
  return mailbox;
}

}  // namespace

std::string Mailbox::addr_spec() const {
  if (is_dot_atom(local_part)) return local_part + "@" + domain;
  std::string out = "\"";
  for (const char c : local_part) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"@" + domain;
}

Result<std::vector<Mailbox>> parse_mailboxes(std::string_view value) {
  Scanner in(value);
  std::vector<Mailbox> out;
  bool in_group = false;
  for (;;) {
    if (!in.skip_cfws()) return bad("a comment is not closed");
    if (in.at_end()) break;
    if (in.take(',')) continue;
    if (in.take(';')) {
      if (!in_group) return bad("a ; without a group");
      in_group = false;
      continue;
    }
    auto words = read_words(in);
    if (!words) return words.error();
    if (in.take(':')) {
      if (in_group || !words->any) return bad("a group inside a group, or without a name");
      in_group = true;
      continue;
    }
    if (in.take('<')) {
      auto mailbox = read_angle(in);
      if (!mailbox) return mailbox.error();
      mailbox->display_name = decode_words(words->phrase);
      out.push_back(std::move(*mailbox));
    } else if (in.take('@')) {
      auto mailbox = finish(std::move(*words), in);
      if (!mailbox) return mailbox.error();
      out.push_back(std::move(*mailbox));
    } else {
      return bad("a name without an address");
    }
    if (!in.skip_cfws()) return bad("a comment is not closed");
    if (!in.at_end() && in.peek() != ',' && in.peek() != ';') return bad("text behind an address");
  }
  if (in_group) return bad("a group is not closed");
  return out;
}

Result<Mailbox> parse_addr_spec(std::string_view text) {
  auto all = parse_mailboxes(text);
  if (!all) return all.error();
  if (all->size() != 1 || !(*all)[0].display_name.empty() || text.find_first_of("<>,;:()") != std::string_view::npos)
    return bad("not one address");
  return std::move((*all)[0]);
}

std::vector<std::string> parse_message_ids(std::string_view value) {
  std::vector<std::string> out;
  for (std::size_t open = value.find('<'); open != std::string_view::npos; open = value.find('<', open)) {
    const std::size_t close = value.find_first_of("<>", ++open);
    if (close == std::string_view::npos || value[close] != '>') continue;
    const std::string_view id = trim(value.substr(open, close - open));
    if (!id.empty() && id.size() <= 250 &&
        std::none_of(id.begin(), id.end(), [](char c) { return is_control(c) || c == ' '; }))
      out.emplace_back(id);
    open = close;
  }
  return out;
}

Result<std::string> write_mailbox(const Mailbox& mailbox) {
  const std::string address = mailbox.addr_spec();
  if (std::any_of(address.begin(), address.end(), [](char c) { return is_control(c) || is_eight_bit(c); }))
    return Error{"mime.injection", "an address with octets that are not printable ASCII"};
  if (auto again = parse_addr_spec(address); !again) return again.error();
  if (mailbox.display_name.empty()) return address;
  const std::string& name = mailbox.display_name;
  if (std::any_of(name.begin(), name.end(), is_control))
    return Error{"mime.injection", "a display name with control characters"};
  if (!is_utf8(name)) return Error{"mime.charset", "a display name that is not UTF-8"};
  std::string coded = encode_words(name);
  if (coded == name) {
    coded = "\"";
    for (const char c : name) {
      if (c == '"' || c == '\\') coded += '\\';
      coded += c;
    }
    coded += '"';
  }
  return coded + " <" + address + ">";
}

}  // namespace sluis::mime
