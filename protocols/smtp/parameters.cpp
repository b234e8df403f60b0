#include "protocols/smtp/parameters.h"

#include <algorithm>
#include <charconv>
#include <functional>
#include <vector>

#include "protocols/smtp/address.h"
#include "protocols/smtp/ascii.h"

namespace sluis::smtp {

namespace {

constexpr std::size_t max_envid = 100;  // RFC 3461 §4.4
constexpr std::size_t max_orcpt = 500;  // RFC 3461 §4.2

Error unknown(std::string_view name) {
  return Error{"smtp.parameter.unknown", "parameter " + std::string(name) + " is not offered"};
}
Error syntax(std::string_view name) {
  return Error{"smtp.parameter.syntax", "parameter " + std::string(name) + " is malformed"};
}

// Splits KEY=VALUE words and hands each on; what every parameter shares is checked here, once.
Status each_parameter(std::string_view text, const std::function<Status(const std::string&, std::string_view)>& take) {
  if (!text.empty() && text.front() != ' ') return Error{"smtp.parameter.syntax", "no space after the path"};
  take_word(text);
  std::vector<std::string> seen;
  while (!text.empty()) {
    const std::string_view word = take_word(text);
    if (!is_graphic(word))
      return Error{"smtp.parameter.syntax", "a parameter holds an octet that is not printable ASCII"};
    const std::size_t equals = word.find('=');
    const std::string name = upper(word.substr(0, equals));
    if (std::find(seen.begin(), seen.end(), name) != seen.end())
      return Error{"smtp.parameter.syntax", "parameter " + name + " is given twice"};
    seen.push_back(name);
    if (const Status taken =
            take(name, equals == std::string_view::npos ? std::string_view{} : word.substr(equals + 1));
        !taken)
      return taken;
  }
  return {};
}

Result<Notify> parse_notify(std::string_view value) {
  Notify notify;
  while (true) {
    const std::size_t comma = value.find(',');
    const std::string word = upper(value.substr(0, comma));
    bool Notify::*member = word == "NEVER"     ? &Notify::never
                           : word == "SUCCESS" ? &Notify::success
                           : word == "FAILURE" ? &Notify::failure
                           : word == "DELAY"   ? &Notify::delay
                                               : nullptr;
    if (member == nullptr || notify.*member) return syntax("NOTIFY");
    notify.*member = true;
    if (comma == std::string_view::npos) break;
    value.remove_prefix(comma + 1);
  }
  if (notify.never && (notify.success || notify.failure || notify.delay)) return syntax("NOTIFY");
  return notify;
}

// address-type ";" xtext; the type is an atom.
Result<std::string> parse_orcpt(std::string_view value) {
  const std::size_t semicolon = value.find(';');
  if (value.size() > max_orcpt || semicolon == std::string_view::npos || semicolon == 0) return syntax("ORCPT");
  auto address = xtext_decode(value.substr(semicolon + 1));
  if (!address || address->empty()) return syntax("ORCPT");
  return std::string(value.substr(0, semicolon + 1)) + *address;
}

}  // namespace

Result<MailParameters> parse_mail_parameters(std::string_view text, const ParametersOffered& offered) {
  MailParameters found;
  const Status parsed = each_parameter(text, [&](const std::string& name, std::string_view value) -> Status {
    if (name == "SIZE" && offered.size) {
      std::uint64_t size = 0;
      const auto [end, problem] = std::from_chars(value.data(), value.data() + value.size(), size);
      if (value.empty() || value.size() > 20 || problem != std::errc{} || end != value.data() + value.size())
        return syntax(name);
      found.size = size;
    } else if (name == "BODY" && offered.eight_bit_mime) {
      const std::string body = upper(value);
      if (body != "7BIT" && body != "8BITMIME") return syntax(name);
      found.eight_bit = body == "8BITMIME";
    } else if (name == "RET" && offered.dsn) {
      const std::string ret = upper(value);
      if (ret != "FULL" && ret != "HDRS") return syntax(name);
      found.ret = ret == "FULL" ? Ret::full : Ret::headers;
    } else if (name == "ENVID" && offered.dsn) {
      auto envid = xtext_decode(value);
      if (!envid || envid->empty() || value.size() > max_envid) return syntax(name);
      found.envid = *std::move(envid);
    } else if (name == "AUTH" && offered.auth) {
      // RFC 4954 §5: a claim of a third party. It must be accepted and, from a client that is not trusted, is not
      // believed.
      if (value != "<>" && !xtext_decode(value)) return syntax(name);
    } else {
      return unknown(name);
    }
    return {};
  });
  if (!parsed) return parsed.error();
  return found;
}

Result<RcptParameters> parse_rcpt_parameters(std::string_view text, const ParametersOffered& offered) {
  RcptParameters found;
  const Status parsed = each_parameter(text, [&](const std::string& name, std::string_view value) -> Status {
    if (name == "NOTIFY" && offered.dsn) {
      const auto notify = parse_notify(value);
      if (!notify) return notify.error();
      found.notify = *notify;
    } else if (name == "ORCPT" && offered.dsn) {
      auto orcpt = parse_orcpt(value);
      if (!orcpt) return orcpt.error();
      found.orcpt = *std::move(orcpt);
    } else {
      return unknown(name);
    }
    return {};
  });
  if (!parsed) return parsed.error();
  return found;
}

std::string write_mail_parameters(const MailParameters& parameters) {
  std::string out;
  if (parameters.size) out += " SIZE=" + std::to_string(*parameters.size);
  if (parameters.eight_bit) out += " BODY=8BITMIME";
  if (parameters.ret != Ret::unspecified) out += parameters.ret == Ret::full ? " RET=FULL" : " RET=HDRS";
  // One that is too long is left out, not cut: half an identifier would match somebody else's mail.
  if (const std::string envid = xtext_encode(parameters.envid); !envid.empty() && envid.size() <= max_envid)
    out += " ENVID=" + envid;
  return out;
}

std::string write_rcpt_parameters(const RcptParameters& parameters) {
  std::string out;
  if (const Notify& n = parameters.notify; n.never) {
    out += " NOTIFY=NEVER";
  } else if (n.given()) {
    std::string words;
    const auto add = [&words](bool wanted, std::string_view word) {
      if (wanted) words += (words.empty() ? "" : ",") + std::string(word);
    };
    add(n.success, "SUCCESS");
    add(n.failure, "FAILURE");
    add(n.delay, "DELAY");
    out += " NOTIFY=" + words;
  }
  if (const std::size_t semicolon = parameters.orcpt.find(';'); semicolon != std::string::npos) {
    const std::string_view orcpt = parameters.orcpt;
    const std::string value =
        std::string(xtext_encode(orcpt.substr(0, semicolon))) + ";" + xtext_encode(orcpt.substr(semicolon + 1));
    if (value.size() <= max_orcpt) out += " ORCPT=" + value;
  }
  return out;
}

}  // namespace sluis::smtp
