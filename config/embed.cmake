# Writes OUTPUT, a source file whose function returns the text of INPUT.
file(READ "${INPUT}" text)
file(WRITE "${OUTPUT}" "#include \"config/flows.h\"

namespace sluis::config {

std::string_view delivered_flows() {
  static constexpr std::string_view text = R\"flows~(${text})flows~\";
  return text;
}

}  // namespace sluis::config
")
