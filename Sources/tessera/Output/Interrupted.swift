import Foundation  // exit
import TesseraBasics

/// Ends the process of a run that was interrupted and has saved its state: status 130 or 143.
func exitInterrupted(_ console: Console, directory: String) -> Never {
  console.finishProgress()
  console.say("interrupted; the state is saved in \(directory), continue with --resume")
  Foundation.exit(Interruption.exitStatus ?? 130)
}
