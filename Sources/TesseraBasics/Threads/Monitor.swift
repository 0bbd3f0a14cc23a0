#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A lock with a condition: threads sleep on it until another one wakes them.
@safe final class Monitor: @unchecked Sendable {
  // SAFETY of `@unchecked Sendable`: the two pointers never change, and what they lead to is made
  // for use by many threads. They are on the heap because neither object may move.
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private let condition: UnsafeMutablePointer<pthread_cond_t>

  init() {
    // SAFETY: both are initialized here, before anybody else has the pointers, and destroyed and
    // deallocated in `deinit` alone.
    unsafe mutex = .allocate(capacity: 1)
    unsafe mutex.initialize(to: pthread_mutex_t())
    unsafe condition = .allocate(capacity: 1)
    unsafe condition.initialize(to: pthread_cond_t())
    let status = unsafe pthread_mutex_init(mutex, nil) | pthread_cond_init(condition, nil)
    precondition(status == 0, "the system is out of thread primitives")
  }

  deinit {
    // SAFETY: nobody sleeps here any more: a sleeper holds a reference.
    unsafe pthread_cond_destroy(condition)
    unsafe pthread_mutex_destroy(mutex)
    unsafe condition.deallocate()
    unsafe mutex.deallocate()
  }

  /// Sleeps while `isWaiting` says so. It is asked under the lock, so no wake-up between the
  /// question and the sleep is lost.
  func sleep(while isWaiting: () -> Bool) {
    // SAFETY: the pointers are valid for the lifetime of `self`.
    unsafe pthread_mutex_lock(mutex)
    while isWaiting() { unsafe pthread_cond_wait(condition, mutex) }
    unsafe pthread_mutex_unlock(mutex)
  }

  /// Wakes `count` sleepers, or all if there are fewer.
  func wake(_ count: Int) {
    // SAFETY: the pointers are valid for the lifetime of `self`.
    unsafe pthread_mutex_lock(mutex)
    for _ in 0..<count { unsafe pthread_cond_signal(condition) }
    unsafe pthread_mutex_unlock(mutex)
  }
}
