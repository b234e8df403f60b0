# bash completion for sluis: source it, or put it into /usr/share/bash-completion/completions/sluis
_sluis() {
  local commands="run check reload route adapters schema messages show resend release cancel hold go-on open-gate pause resume status incidents probe verify metrics"
  local word=${COMP_WORDS[COMP_CWORD]} command="" i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case " $commands " in *" ${COMP_WORDS[i]} "*) command=${COMP_WORDS[i]}; break ;; esac
  done
  case "${COMP_WORDS[COMP_CWORD - 1]}" in
    -c|--config|--adapters|--socket|--seals|--output-folder) mapfile -t COMPREPLY < <(compgen -f -- "$word"); return ;;
    -o|--output) mapfile -t COMPREPLY < <(compgen -W "text json" -- "$word"); return ;;
    --state) mapfile -t COMPREPLY < <(compgen -W "queued sending awaiting delivered blocked held rejected expired cancelled" -- "$word"); return ;;
  esac
  local options="--help --config --output --adapters --socket"
  case "$command" in
    "") options="$options --version $commands" ;;
    messages) options="$options --customer --from --to --flow --state --since --until --after --unrouted --limit" ;;
    route) [[ $word == -* ]] || { mapfile -t COMPREPLY < <(compgen -f -- "$word"); return; }; options="$options --from --customer --set" ;;
    schema) options="$options --output-folder gateway channels customers policies routes flows" ;;
    resend) options="$options --reason --as-new" ;;
    cancel) options="$options --reason --handled-elsewhere --even-in-doubt" ;;
    release|hold|go-on|open-gate) options="$options --reason" ;;
    pause) options="$options --customer --flow --until --reason" ;;
    resume) options="$options --customer --flow --reason" ;;
    incidents) options="$options --all" ;;
    probe) options="$options --customer" ;;
    verify) options="$options --seals" ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
}
complete -F _sluis sluis
