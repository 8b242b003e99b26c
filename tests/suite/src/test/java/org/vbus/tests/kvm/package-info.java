/// Guests of machine code under KVM, on devices that know nothing of it.
package org.vbus.tests.kvm;
